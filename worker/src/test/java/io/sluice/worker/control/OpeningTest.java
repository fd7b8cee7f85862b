package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.sluice.grant.v1.IpLease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.TapLease;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Port;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where a port's descriptors come from: which grant is asked for, and what is said when there is none. */
@Timeout(60)
class OpeningTest extends WorkerBench {
    private boolean sealed;

    @Override
    Conductor.Settings settings() {
        Conductor.Settings normal = super.settings();
        return new Conductor.Settings(
                normal.broker(),
                normal.name(),
                normal.frameSize(),
                normal.frames(),
                normal.largeFrames(),
                normal.threads(),
                normal.cpus(),
                normal.idle(),
                sealed,
                normal.inherited(),
                normal.journal());
    }

    private Port vector(String device) {
        return ports().addPort(AddPortRequest.newBuilder().setVector(device).build());
    }

    private Port netdev(String netdev) {
        return ports().addPort(AddPortRequest.newBuilder().setNetdev(netdev).build());
    }

    private void ip(String name, String kind, int protocol) {
        broker.grant(name, kind, "", (lease, made) -> {
            made.passed().add(Pools.memory(4096));
            lease.setIp(IpLease.newBuilder().setFd(0).setProtocol(protocol).setLocal(ByteString.copyFrom(new byte[] {
                127, 0, 0, 1
            })));
        });
    }

    private void tap(String name) {
        broker.grant(name, "tap", "eth0", (lease, made) -> {
            made.passed().add(Pools.memory(4096));
            lease.setTap(TapLease.newBuilder().addFds(0));
        });
    }

    /** The names of the grants that the broker was asked for. */
    private java.util.List<String> asked() {
        return broker.requests().stream().map(request -> request.getGrant()).toList();
    }

    @Test
    void notesOfAnOptionStringComeWithThePort() throws Exception {
        startWorker();
        assertThat(vector("vec0:transport=null,colour=red").getNotesList())
                .containsExactly("colour= is ignored: transport=null has no such key");
        assertThat(port("vec0").getNotesCount()).isEqualTo(1);
    }

    @Test
    void aNetdevIsUnderstood() throws Exception {
        startWorker();
        assertFails(() -> netdev("dgram,id=d"), Status.Code.INVALID_ARGUMENT, "netdev dgram needs local.type=");
    }

    @Test
    void aSealedWorkerSaysWhatItCannotOpenAndNamesTheGrantWay() throws Exception {
        sealed = true;
        startWorker();
        assertFails(
                () -> vector("v:transport=l2tpv3,udp=1,dst=127.0.0.1,srcport=1,dstport=2,rx_session=1,tx_session=1"),
                Status.Code.FAILED_PRECONDITION,
                "port v: a sealed worker can't open a UDP socket by itself; use a grant of kind udp, or start the worker"
                        + " without --sealed");
        assertFails(
                () -> vector("v:transport=gre,dst=127.0.0.1"),
                Status.Code.FAILED_PRECONDITION,
                "port v: a sealed worker can't open a raw IP socket by itself; use a grant of kind gre, or start the worker"
                        + " without --sealed");
        assertFails(
                () -> vector("v:transport=tap,ifname=t0"),
                Status.Code.FAILED_PRECONDITION,
                "port v: a sealed worker can't open /dev/net/tun by itself; use a grant of kind tap, or start the worker"
                        + " without --sealed");
        assertFails(
                () -> vector("v:transport=bess,dst=/run/w"),
                Status.Code.FAILED_PRECONDITION,
                "port v: a sealed worker can't open a unix socket by itself; use an inherited one (kind fd), or start the"
                        + " worker without --sealed");
        assertFails(
                () -> netdev("stream,id=v,addr.type=unix,addr.path=/run/s"),
                Status.Code.FAILED_PRECONDITION,
                "port v: a sealed worker can't open a stream socket by itself; use an inherited one (kind fd), or start the"
                        + " worker without --sealed");
        assertThat(asked()).isEmpty();
    }

    @Test
    void theOnlyGrantOfItsKindNeedsNoName() throws Exception {
        ip("wan", "gre", 47);
        startWorker();
        vectorFails("v:transport=gre,dst=127.0.0.1");
        assertThat(asked()).containsExactly("wan");
    }

    @Test
    void ofSeveralGrantsOneHasToBeNamed() throws Exception {
        tap("one");
        tap("two");
        startWorker();
        assertFails(
                () -> vector("v:transport=tap"),
                Status.Code.INVALID_ARGUMENT,
                "port v: name one of the tap grants of tenant blue: [one, two]");
        vectorFails("v:transport=tap,grant=two");
        assertThat(asked()).containsExactly("two");
    }

    @Test
    void aTapWithoutAnyGrantIsToldHow() throws Exception {
        startWorker();
        assertFails(
                () -> vector("v:transport=tap"),
                Status.Code.NOT_FOUND,
                "port v: the policy has no grant of kind tap for this tenant; name the interface of a persistent device"
                        + " that belongs to the worker's user, or ask for a grant");
    }

    @Test
    void aUdpGrantIsUsedOnlyIfItIsNamed() throws Exception {
        ip("wan", "udp", 17);
        startWorker();
        String tunnel = "l2tpv3,id=v,udp=on,src=127.0.0.1,dst=127.0.0.2,srcport=17071,dstport=17072,txsession=1";
        assertThat(netdev(tunnel).getGrant()).isEmpty();
        assertThat(asked()).isEmpty();
        removePort("v");
        vectorFails(tunnel + ",grant=wan");
        assertThat(asked()).containsExactly("wan");
    }

    /** Whether it fails now or, once there are such ports, at the socket that is none: the lease is given back. */
    private void vectorFails(String text) {
        int before = broker.released().size();
        int leases = broker.requests().size();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> {
                    var unused = text.contains(":transport=") ? vector(text) : netdev(text);
                })
                .hasMessageContaining("port v can't be opened: ");
        assertThat(listPorts()).isEmpty();
        assertThat(broker.released().size() - before)
                .isEqualTo(broker.requests().size() - leases);
    }

    @Test
    void aGrantOfAnotherKindIsRefusedAndGivenBack() throws Exception {
        ip("wan", "udp", 17);
        tap("guest");
        startWorker();
        assertFails(
                () -> vector("v:transport=gre,dst=127.0.0.1,grant=wan"),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: grant wan is a socket of IP protocol 17; a gre port needs protocol 47 here, a grant"
                        + " of kind gre");
        assertFails(
                () -> vector("v:transport=gre,dst=127.0.0.1,grant=guest"),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: grant guest is no socket of an IP protocol; a gre port needs protocol 47 here, a"
                        + " grant of kind gre");
        assertFails(
                () -> vector("v:transport=tap,grant=wan"),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: grant wan is not of kind tap");
        assertFails(
                () -> addPort("v", "wan"),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: grant wan is a socket for tunnels or datagrams, no port by itself; name it as the"
                        + " grant of a gre, l2tpv3, vxlan, vxlan-gpe, geneve, nsh or dgram port");
        assertThat(broker.released()).hasSize(4);
    }

    @Test
    void aHybridAsksForNoGrantAlsoIfThereIsOneOfItsDevice() throws Exception {
        broker.grant("t1-packets", "packet", "t1", (lease, made) -> {
            made.passed().add(Pools.memory(4096));
            lease.setPacket(PacketLease.newBuilder().addFds(0));
        });
        startWorker();
        assertFails(
                () -> vector("v:transport=hybrid,ifname=t1"),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: a hybrid port needs a persistent tap device t1 of the worker's user in the worker's"
                        + " network namespace, and there a packet socket, for which it is root of a user namespace and"
                        + " started with --no-seccomp: there is no device t1 in this network namespace");
        assertThat(asked()).isEmpty();
    }
}
