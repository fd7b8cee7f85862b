package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.IpLease;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.MessageWire;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.StreamWire;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.Port;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ports whose sockets the worker opens, or was started with: frames cross a worker that was told of them in words. */
@Timeout(60)
class OwnPortsTest extends WorkerBench {
    private static final int STREAM = 1;
    private static final int DATAGRAM = 2;
    private static final int SEQPACKET = 5;
    private static final byte[] FRAME = Frames.of(0, 0, 200);

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void closeWhatPeersHave() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T keep(T each) {
        open.add(each);
        return each;
    }

    private Port vector(String device) {
        return ports().addPort(AddPortRequest.newBuilder().setVector(device).build());
    }

    private Port netdev(String netdev) {
        return ports().addPort(AddPortRequest.newBuilder().setNetdev(netdev).build());
    }

    private void add(String words) {
        var unused = words.contains(":transport=") ? vector(words) : netdev(words);
    }

    private void link(String name, String a, String b) {
        var unused = addLink(name, a, b);
    }

    private UnixPath path(String name) {
        return new UnixPath(directory.resolve(name).toString());
    }

    /** A pair of which the worker inherits one end; the other. */
    private Fd inherit(int type) throws IOException {
        List<Fd> pair = Sockets.pair(type);
        inherited.add(keep(pair.get(0)).number());
        return keep(pair.get(1));
    }

    private static void cross(Wire a, Wire b) throws IOException {
        a.send(FRAME);
        assertThat(b.receive()).isEqualTo(FRAME);
        b.send(FRAME);
        assertThat(a.receive()).isEqualTo(FRAME);
    }

    @Test
    void inheritedDescriptorsAreWhatTheyTurnOutToBe() throws Exception {
        Wire messages = keep(new MessageWire(inherit(SEQPACKET)));
        Wire stream = keep(new StreamWire(inherit(STREAM)));
        startWorker();
        assertThat(vector("a:transport=fd,fd=" + inherited.get(0)).getFeaturesList())
                .containsExactly("messages");
        assertThat(netdev("stream,id=b,addr.type=fd,addr.str=" + inherited.get(1))
                        .getKind())
                .isEqualTo("stream");
        link("l", "a", "b");
        cross(messages, stream);
    }

    @Test
    void anInheritedDescriptorServesOnePortAfterAnother() throws Exception {
        inherit(DATAGRAM);
        startWorker();
        String fd = ":transport=fd,fd=" + inherited.get(0);
        add("a" + fd);
        assertFails(
                () -> add("b" + fd),
                Status.Code.FAILED_PRECONDITION,
                "port b can't be opened: fd " + inherited.get(0) + " is in use by another port; remove that first");
        removePort("a");
        add("b" + fd);
    }

    @Test
    void aDescriptorThatWasNotInheritedIsRefused() throws Exception {
        inherit(DATAGRAM);
        Fd other = keep(Pools.memory(4096));
        startWorker();
        assertFails(
                () -> add("a:transport=fd,fd=" + other.number()),
                Status.Code.FAILED_PRECONDITION,
                "port a can't be opened: fd " + other.number()
                        + " is no socket or tap device that the worker was started" + " with; those are " + inherited);
        assertFails(() -> add("a:transport=fd,fd=2"), Status.Code.INVALID_ARGUMENT, "fd 2: 3 to 1048576 is expected");
    }

    @Test
    void aDescriptorOfTheWrongKindIsNamedByItsNumber() throws Exception {
        inherit(DATAGRAM);
        startWorker();
        int number = inherited.get(0);
        assertFails(
                () -> add("stream,id=v,addr.type=fd,addr.str=" + number),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: fd " + number + ": the descriptor is no stream socket");
        assertFails(
                () -> add("tap,id=v,fd=" + number),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: fds [" + number + "]: the descriptor is neither a socket nor a tap device");
    }

    @Test
    void unixSocketsOfEveryTypeCarryFrames() throws Exception {
        startWorker();
        add("bess:transport=bess,src=" + path("bess"));
        add("stream,id=stream,addr.type=unix,server=on,addr.path=" + path("stream"));
        link("one", "bess", "stream");
        Wire seqpacket = keep(Peer.connect(SEQPACKET, path("bess")));
        Wire stream = keep(Peer.connect(STREAM, path("stream")));
        // What comes for a port whose peer it has not accepted yet is dropped, and counted.
        await("both are accepted", () -> counter("bess", "peer_connected") + counter("stream", "peer_connected") == 2);
        cross(seqpacket, stream);

        Fd listener = keep(Peer.listen(SEQPACKET, path("there")));
        add("dgram,id=dgram,local.type=unix,local.path=" + path("here") + ",remote.type=unix,remote.path="
                + path("far"));
        add("client:transport=bess,dst=" + path("there") + ",src=" + path("bound"));
        link("two", "dgram", "client");
        Wire dgram = keep(Peer.datagram(path("far"), path("here")));
        Wire accepted = keep(Peer.accept(listener));
        assertThat(path("bound").file()).exists();
        await("both peers", () -> counter("dgram", "peer_connected") + counter("client", "peer_connected") == 2);
        cross(accepted, dgram);
        removeLink("two");
        removePort("client");
        assertThat(path("bound").file()).doesNotExist();
    }

    @Test
    void theSocketOfAUdpGrantIsConnectedToTheRemote() throws Exception {
        Fd near = keep(Sockets.udp(new HostPort("127.0.0.1", 0)));
        Fd far = keep(Sockets.udp(new HostPort("127.0.0.1", 0)));
        int nearPort = Sockets.port(near);
        int farPort = Sockets.port(far);
        broker.grant("wan", "udp", "", (lease, made) -> {
            made.passed().add(near.duplicate());
            lease.setIp(IpLease.newBuilder()
                    .setFd(0)
                    .setProtocol(17)
                    .setLocal(ByteString.copyFrom(new byte[] {127, 0, 0, 1}))
                    .setPort(nearPort));
        });
        Wire messages = keep(new MessageWire(inherit(SEQPACKET)));
        startWorker();
        String dgram = "dgram,id=v,grant=wan,local.type=inet,remote.type=inet,remote.host=127.0.0.1,remote.port="
                + farPort + ",local.host=127.0.0.1,local.port=";
        assertFails(
                () -> add(dgram + (nearPort ^ 1)),
                Status.Code.FAILED_PRECONDITION,
                "port v can't be opened: grant wan is bound to 127.0.0.1:" + nearPort + ", not to 127.0.0.1:"
                        + (nearPort ^ 1) + "; name its address as the local one");
        assertThat(netdev(dgram + nearPort).getGrant()).isEqualTo("wan");
        add("a:transport=fd,fd=" + inherited.get(0));
        link("l", "a", "v");
        Sockets.connect(far, new HostPort("127.0.0.1", nearPort));
        cross(messages, keep(new MessageWire(far)));
    }

    @Test
    void aStreamWithoutReconnectEndsWithItsConnection() throws Exception {
        Fd listener = keep(Peer.listen(STREAM, path("server")));
        startWorker();
        add("stream,id=once,addr.type=unix,addr.path=" + path("server"));
        add("stream,id=again,reconnect-ms=20,addr.type=unix,addr.path=" + path("server"));
        add("n:transport=null");
        add("m:transport=null");
        link("l", "once", "n");
        Peer.accept(listener).close();
        await("the end", () -> counter("once", "peer_lost") == 1);
        link("k", "again", "m");
        Peer.accept(listener).close();
        keep(Peer.accept(listener));
        await("the second connection", () -> counter("again", "peer_connected") == 2);
        assertThat(counter("once", "peer_connected")).isEqualTo(1);
    }

    private long counter(String port, String name) {
        var request = GetCountersRequest.newBuilder().addPorts(port).build();
        return counters().getCounters(request).getPorts(0).getCountersList().stream()
                .filter(each -> each.getName().equals(name))
                .mapToLong(Counter::getValue)
                .sum();
    }
}
