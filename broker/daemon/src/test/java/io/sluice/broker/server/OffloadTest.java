package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Frames;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.HoldingClient;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Adopt;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.Offload;
import io.sluice.grant.v1.Offloaded;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.grant.v1.XdpRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases between which the kernel forwards: peer0 - dev0 - dev1 - peer1. Nobody serves a socket in any of this. */
@Tag("kernel")
class OffloadTest {
    private static final int BLUE = 1001;
    private static final long POOL = 1 << 20;
    private static final int FRAME = 60;
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grace: 60s
                grants:
                  left: { kind: xdp, interface: dev0, queues: [0-1], offload: true }
                  right: { kind: xdp, interface: dev1, queues: [0-1], offload: true }
                  plain: { kind: xdp, interface: dev1, queues: [0-1] }
                  narrow: { kind: xdp, interface: dev1, queues: [0], offload: true }
                  ip: { kind: xdp, interface: dev0, queues: [0-1], offload: true, filter: ip }
                  lan: { kind: packet, interface: dev1, unconfined: true, buffer: 128KiB }
              blue:
                identity: { uid: 1001 }
                grants:
                  right: { kind: xdp, interface: dev1, queues: [0-1], offload: true }
            """;

    @TempDir
    Path directory;

    private RunningBroker broker;
    private Caller admin;
    private Caller holder;
    private Frames across;
    private Frames back;
    private Frames toTheHost;
    private List<String> before;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        broker.netns().veth("dev1", "peer1");
        for (String peer : List.of("peer0", "peer1")) { // without GRO a veth takes no redirected frame
            broker.netns().exec("ethtool", "-K", peer, "gro", "on");
        }
        across = new Frames(broker.netns(), "peer0", "peer1");
        back = new Frames(broker.netns(), "peer1", "peer0");
        toTheHost = new Frames(broker.netns(), "peer0", "dev0");
        admin = Caller.greeted(broker.adminSocket());
        before = Held.descriptors();
        holder = Caller.greeted(broker.socket());
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {holder, admin, across, back, toTheHost, broker}) {
            if (each != null) {
                each.close();
            }
        }
    }

    @Test
    void framesCrossBothWaysAndAreCountedUntilItIsTakenBack() throws Exception {
        List<Lease> held = hold("left", "right");
        assertThat(offload(held, false).getA().getPackets())
                .as("off is no error")
                .isZero();
        assertThat(offload(held, true).getA().getPackets()).isZero();
        broker.audited(
                "\"offload\"",
                "\"grant\":\"left\"",
                "on, with lease " + held.get(1).getId());
        for (int i = 0; i < 5; i++) {
            across.sendToTheStack();
        }
        back.sendToTheStack();
        assertThat(across.heard()).as("what peer1 sent itself").isEqualTo(1);
        Offloaded forwarded = offload(held, true);
        assertThat(forwarded.getA().getPackets()).isEqualTo(5);
        assertThat(forwarded.getA().getBytes()).isEqualTo(5 * FRAME);
        assertThat(forwarded.getB().getPackets()).isEqualTo(1);
        assertThat(forwarded.getB().getBytes()).isEqualTo(FRAME);
        assertThat(directed()).as("frames that came to a socket").isZero();

        assertThat(offload(held, false).getA().getPackets()).isEqualTo(5);
        broker.audited("\"offload\"", "off, with lease " + held.get(1).getId());
        assertComesToTheSocketsAgain();
        assertThat(offload(held, false).getA().getPackets()).isEqualTo(5);
    }

    @Test
    void theFilterOfTheGrantComesFirst() throws Exception {
        List<Lease> held = hold("ip", "right");
        offload(held, true);
        toTheHost.sendToTheStack(); // which is no IP
        assertThat(across.heard()).isZero();
        back.sendToTheStack();
        assertThat(offload(held, true).getA().getPackets()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aLeaseThatIsRevokedTakesTheDetourOfBothWithIt(int which) throws Exception {
        List<Lease> held = hold("left", "right");
        offload(held, true);
        across.sendToTheStack();
        Reply reply = admin.call(Request.newBuilder()
                .setRevoke(Revoke.newBuilder().setLease(held.get(which).getId())));
        assertThat(reply.hasRevoked()).isTrue();
        assertThat(holder.reply().getLeaseEnded().getReason()).isEqualTo(EndReason.REVOKED);
        if (which == 0) {
            assertGoesToTheHost();
        } else {
            assertComesToTheSocketsAgain();
        }
        assertThat(holder.refused(request(held, true)).getMessage())
                .isEqualTo("this connection holds no lease " + held.get(which).getId());
    }

    @Test
    void aLeaseThatIsGivenBackTakesItAndTheNextHolderHasNone() throws Exception {
        List<Lease> held = hold("left", "right");
        offload(held, true);
        giveBack(held.get(1));
        assertComesToTheSocketsAgain();
        holder.hold(Caller.acquire(0, "right"));
        assertComesToTheSocketsAgain();
    }

    @Test
    void aPolicyWithoutOffloadEndsTheLease() throws Exception {
        List<Lease> held = hold("left", "right");
        offload(held, true);
        broker.policy(POLICY.replace(
                "right: { kind: xdp, interface: dev1, queues: [0-1], offload: true }",
                "right: {" + " kind: xdp, interface: dev1, queues: [0-1] }"));
        Reply reloaded = admin.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
        assertThat(reloaded.getPolicyReloaded().getEndedList())
                .containsExactly(held.get(1).getId());
        assertThat(holder.reply().getLeaseEnded().getReason()).isEqualTo(EndReason.POLICY);
        assertComesToTheSocketsAgain();
    }

    @Test
    void theEndOfTheConnectionTakesItAndLeavesNothing() throws Exception {
        List<Lease> held = hold("left", "right");
        offload(held, true);
        holder.close();
        broker.audited("\"end\"", "\"grant\":\"right\"", "\"reason\":\"closed\"");
        assertGoesToTheHost();
        Held.nothingSince(before);
    }

    @Test
    void theDeathOfTheHolderTakesItAndLeavesNothing() throws Exception {
        try (HoldingClient client = HoldingClient.start(broker.socket(), HoldingClient.OFFLOAD, "left", "right")) {
            across.sendToTheStack();
            Set<Held.BpfObject> objects = Held.bpf();
            client.kill();
            broker.audited("\"end\"", "\"client\":\"holder\"", "\"grant\":\"right\"");
            assertGoesToTheHost();
            Eventually.holds("no BPF object", () -> objects.stream().noneMatch(Held.BpfObject::exists));
        }
    }

    @Test
    void theDeathOfAHolderWhoMayBeSucceededTakesItAtOnce() throws Exception {
        String[] grants = {HoldingClient.OFFLOAD, "left", "right"};
        try (HoldingClient client = HoldingClient.resumable(broker.socket(), "again", grants)) {
            client.kill();
            broker.audited("\"orphaned\"", "\"grant\":\"right\"");
            toTheHost.send();
            holder.close();
            holder = Caller.resuming(broker.socket(), "again");
            holder.hold(Request.newBuilder().setAdopt(Adopt.getDefaultInstance()));
            Eventually.holds("the frame at a socket", () -> directed() == 1);
            assertComesToTheSocketsAgain();
        }
    }

    @Test
    void aDeviceThatGoesTakesItAlongAndANewOneOfItsNumberGetsNothing() throws Exception {
        List<Lease> held = hold("left", "right");
        offload(held, true);
        int number = broker.netns().ifindex("dev1");
        across.close();
        back.close();
        broker.netns().ip("link", "del", "dev1");
        assertComesToTheSockets();
        broker.netns().ip("link", "add", "foreign", "index", "" + number, "type", "veth", "peer", "name", "peer1");
        broker.netns().ip("link", "set", "foreign", "up");
        broker.netns().ip("link", "set", "peer1", "up");
        offload(held, false);
        Error error = holder.refused(request(held, true));
        assertThat(error.getMessage()).isEqualTo("offload to dev1: ENODEV (No such device)");
        across = new Frames(broker.netns(), "peer0", "peer1");
        back = new Frames(broker.netns(), "peer1", "peer0");
        assertComesToTheSocketsAgain();
    }

    @Test
    void aDeviceWithoutOffloadHasOneMapAndNeverLeadsElsewhere() throws Exception {
        Set<Held.BpfObject> objects = Held.bpf();
        holder.hold(Caller.acquire(POOL, "plain"));
        assertThat(Held.bpf().stream().filter(object -> !objects.contains(object) && object.kind() == Held.Kind.MAP))
                .hasSize(1);
        assertThat(holder.refused(Caller.acquire(0, "narrow")).getCode()).isEqualTo(Error.Code.BUSY);
    }

    @Test
    void whatCannotBeIsRefusedWithAReason() throws Exception {
        List<Lease> plain = hold("left", "plain");
        assertRefused(plain, Error.Code.DENIED, "grant plain does not allow offload");
        broker.audited("\"deny\"", "\"grant\":\"left\"", "grant plain does not allow offload");
        assertRefused(List.of(plain.get(0), plain.get(0)), Error.Code.INVALID, "grant left: one lease, named twice");
        giveBack(plain.get(1));

        Lease left = plain.get(0);
        Lease narrow = one("narrow");
        assertRefused(
                List.of(left, narrow),
                Error.Code.INVALID,
                "grant left has queues [0, 1], grant narrow has [0]; they go in pairs");
        giveBack(narrow);

        Request.Builder silent = Caller.acquire(0);
        silent.getAcquireBuilder()
                .addGrants(GrantRequest.newBuilder()
                        .setGrant("right")
                        .setXdp(XdpRequest.newBuilder().setRxOnly(true)));
        Lease rxOnly = holder.hold(silent).getLeases(0);
        assertRefused(
                List.of(left, rxOnly),
                Error.Code.DENIED,
                "grant right is held rx-only, so nothing may be sent by its device");
        giveBack(rxOnly);

        assertRefused(
                List.of(left, one("lan")),
                Error.Code.INVALID,
                "grant lan is of kind packet; the kernel forwards between xdp grants only");
        try (Caller blue = Caller.greeted(broker.socket(), BLUE)) {
            Lease other = blue.hold(Caller.acquire(POOL, "right")).getLeases(0);
            assertRefused(
                    List.of(left, other), Error.Code.NOT_FOUND, "this connection holds no lease " + other.getId());
        }
        assertComesToTheSockets();
    }

    private void assertRefused(List<Lease> leases, Error.Code code, String message) throws Exception {
        Error error = holder.refused(request(leases, true));
        assertThat(error.getMessage()).isEqualTo(message);
        assertThat(error.getCode()).isEqualTo(code);
    }

    private List<Lease> hold(String... grants) throws Exception {
        return holder.hold(Caller.acquire(POOL, grants)).getLeasesList();
    }

    private Lease one(String grant) throws Exception {
        return holder.hold(Caller.acquire(0, grant)).getLeases(0);
    }

    /** One that came after the first. Its queues are free once its sockets are closed. */
    private void giveBack(Lease lease) throws Exception {
        List<Fd> sockets = holder.fds().subList(3, holder.fds().size());
        sockets.forEach(Fd::close);
        sockets.clear();
        holder.release(lease.getId());
    }

    private static Request.Builder request(List<Lease> leases, boolean on) {
        return Request.newBuilder()
                .setOffload(Offload.newBuilder()
                        .setA(leases.get(0).getId())
                        .setB(leases.get(1).getId())
                        .setOn(on));
    }

    private Offloaded offload(List<Lease> leases, boolean on) throws Exception {
        Reply reply = holder.call(request(leases, on));
        assertThat(reply.hasOffloaded()).as("%s", reply).isTrue();
        return reply.getOffloaded();
    }

    private void assertGoesToTheHost() throws Exception {
        toTheHost.sendToTheStack();
        assertThat(across.heard()).isZero();
    }

    private void assertComesToTheSocketsAgain() throws Exception {
        assertComesToTheSockets();
        assertThat(across.heard()).isZero();
    }

    private void assertComesToTheSockets() throws Exception {
        long earlier = directed();
        toTheHost.send();
        Eventually.holds("the frame at a socket", () -> directed() == earlier + 1);
    }

    /** To the sockets of the first lease; the pool's descriptor comes before them. */
    private long directed() throws Exception {
        long sum = 0;
        for (Fd socket : holder.fds().subList(1, 3)) {
            sum += Frames.directedTo(socket);
        }
        return sum;
    }
}
