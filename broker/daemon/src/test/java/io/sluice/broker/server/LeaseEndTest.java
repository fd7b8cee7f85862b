package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Frames;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.HoldingClient;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.ListLeases;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.grant.v1.ShowPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How leases end, and that what they were is over for whoever has the descriptors. */
@Tag("kernel")
class LeaseEndTest {
    private static final int BLUE = 1001;
    private static final long PIDFD_OPEN = 434;
    private static final long PIDFD_GETFD = 438;
    private static final long POOL = 1 << 20;
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
                  fast: { kind: xdp, interface: dev0, queues: [0-1] }
                  queue0: { kind: xdp, interface: dev0, queues: [0] }
                  queue1: { kind: xdp, interface: dev0, queues: [1] }
                  other: { kind: packet, interface: peer0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
              blue:
                identity: { uid: 1001 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
            """;

    @TempDir
    Path directory;

    private RunningBroker broker;
    private Frames frames;
    private Caller admin;
    private List<String> before;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        frames = new Frames(broker.netns(), "peer0", "dev0");
        admin = Caller.greeted(broker.adminSocket());
        before = Held.descriptors();
    }

    @AfterEach
    void stop() throws Exception {
        if (admin != null) {
            admin.close();
        }
        if (frames != null) {
            frames.close();
        }
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void aRevokedPacketSocketReceivesNothingWhoeverHasIt() throws Exception {
        try (Caller holder = Caller.greeted(broker.socket())) {
            long lease = holder.acquired(Caller.acquire(0, "lan")).getLeases(0).getId();
            try (Fd elsewhere = holder.fds().get(0).duplicate()) {
                frames.sendToTheStack();
                assertThat(Frames.take(elsewhere)).as("not yet confirmed").isZero();
                confirmLast(holder);
                frames.sendToTheStack();
                assertThat(Frames.take(elsewhere)).as("alive").isEqualTo(1);

                revoke(lease);
                frames.sendToTheStack();
                assertThat(Frames.take(elsewhere)).as("revoked").isZero();
                assertToldOfTheEnd(holder, lease, EndReason.REVOKED);
                holder.isServed();
                assertThat(leases()).isEmpty();
                broker.audited("\"end\"", "\"lease\":" + lease, "revoked: by uid 0: because");
            }
        }
    }

    @Test
    void aRevokedXdpSocketReceivesNothingWhoeverHasItAndItsQueueGoesToTheHost() throws Exception {
        try (Caller holder = Caller.greeted(broker.socket())) {
            long lease =
                    holder.acquired(Caller.acquire(POOL, "fast")).getLeases(0).getId();
            List<Fd> sockets = holder.fds().subList(1, 3);
            try (Fd one = sockets.get(0).duplicate();
                    Fd other = sockets.get(1).duplicate()) {
                frames.sendToTheStack();
                assertThat(Frames.directedTo(one) + Frames.directedTo(other))
                        .as("not yet confirmed")
                        .isZero();
                confirmLast(holder);
                frames.send();
                Eventually.holds("the frame", () -> Frames.directedTo(one) + Frames.directedTo(other) == 1);

                revoke(lease);
                frames.sendToTheStack();
                assertThat(Frames.directedTo(one) + Frames.directedTo(other))
                        .as("revoked")
                        .isEqualTo(1);
                assertThat(xdpIsAttached()).isFalse();
                assertToldOfTheEnd(holder, lease, EndReason.REVOKED);
            }
        }
    }

    /** The program stays for the other lease, so that it is the map that shuts this one out. */
    @Test
    void aRevokedXdpSocketReceivesNothingWhileItsDeviceServesOthers() throws Exception {
        try (Caller holder = Caller.greeted(broker.socket())) {
            var held = holder.hold(Caller.acquire(POOL, "queue0", "queue1"));
            frames.send();
            List<Fd> sockets = holder.fds().subList(1, 3);
            Eventually.holds(
                    "the frame", () -> Frames.directedTo(sockets.get(0)) + Frames.directedTo(sockets.get(1)) == 1);
            int hit = Frames.directedTo(sockets.get(0)) == 1 ? 0 : 1;
            revoke(held.getLeases(hit).getId());
            frames.sendToTheStack();
            assertThat(Frames.directedTo(sockets.get(hit))).isEqualTo(1);
            assertThat(xdpIsAttached()).isTrue();
            assertToldOfTheEnd(holder, held.getLeases(hit).getId(), EndReason.REVOKED);
        }
    }

    @Test
    void revokingOneLeaseLeavesTheOthers() throws Exception {
        try (Caller holder = Caller.greeted(broker.socket())) {
            var held = holder.hold(Caller.acquire(0, "lan", "lan"));
            revoke(held.getLeases(0).getId());
            frames.sendToTheStack();
            assertThat(Frames.take(holder.fds().get(0))).isZero();
            assertThat(Frames.take(holder.fds().get(1))).isEqualTo(1);
            assertThat(leases())
                    .singleElement()
                    .matches(info -> info.getId() == held.getLeases(1).getId());
        }
    }

    @Test
    void whatIsRevokedBeforeItIsConfirmedNeverReceives() throws Exception {
        try (Caller holder = Caller.greeted(broker.socket())) {
            var acquired = holder.acquired(Caller.acquire(0, "lan"));
            revoke(acquired.getLeases(0).getId());
            assertToldOfTheEnd(holder, acquired.getLeases(0).getId(), EndReason.REVOKED);
            assertThat(holder.call(Caller.confirm(acquired.getNonce())).hasConfirmed())
                    .isTrue();
            frames.sendToTheStack();
            assertThat(Frames.take(holder.fds().get(0))).isZero();
        }
    }

    @Test
    void aKilledClientLeavesNothing() throws Exception {
        try (HoldingClient client = HoldingClient.start(broker.socket(), "lan", "fast", "other")) {
            assertThat(leases()).hasSize(3).allMatch(info -> info.getPid() == client.pid());
            assertThat(xdpIsAttached()).isTrue();
            Set<Held.BpfObject> objects = Held.bpf();
            assertThat(objects)
                    .extracting(Held.BpfObject::kind)
                    .contains(Held.Kind.MAP, Held.Kind.PROG, Held.Kind.LINK);
            client.kill();
            broker.audited("\"end\"", "\"client\":\"holder\"", "\"grant\":\"other\"");
            assertThat(leases()).isEmpty();
            assertThat(xdpIsAttached()).isFalse();
            Held.nothingSince(before);
            Eventually.holds("no BPF object", () -> objects.stream().noneMatch(Held.BpfObject::exists));
            Eventually.holds("no XDP socket", () -> broker.netns().sockets("XDP") == 0);
            assertThat(broker.netns().sockets("PACKET")).as("our own two").isEqualTo(2);
        }
    }

    /** Another process has the connection, as a child would that inherited it. */
    @Test
    void aDeadClientsLeasesEndThoughItsConnectionLivesOn() throws Exception {
        try (HoldingClient client = HoldingClient.start(broker.socket(), "lan");
                Closer stolen = new Closer()) {
            try (Fd pidfd = Fd.owned((int) TestCalls.LIBC.syscall(PIDFD_OPEN, client.pid(), 0, 0), "pidfd_open")) {
                for (int socket : socketsOf(client.pid())) {
                    stolen.add(Fd.owned(
                            (int) TestCalls.LIBC.syscall(PIDFD_GETFD, pidfd.number(), socket, 0), "pidfd_getfd"));
                }
            }
            client.kill();
            broker.audited("\"end\"", "\"client\":\"holder\"", "\"reason\":\"died\"");
            assertThat(leases()).isEmpty();
        }
    }

    @Test
    void closingTheConnectionEndsItsLeases() throws Exception {
        Caller holder = Caller.greeted(broker.socket());
        holder.hold(Caller.acquire(POOL, "lan", "fast"));
        assertThat(xdpIsAttached()).isTrue();
        holder.close();
        broker.audited("\"end\"", "\"grant\":\"fast\"", "\"reason\":\"closed\"");
        assertThat(leases()).isEmpty();
        assertThat(xdpIsAttached()).isFalse();
        Held.nothingSince(before);
    }

    @Test
    void whatANewPolicyNoLongerAllowsEndsAndTheRestGoesOn() throws Exception {
        try (Caller root = Caller.greeted(broker.socket());
                Caller blue = Caller.greeted(broker.socket(), BLUE)) {
            var held = root.hold(Caller.acquire(POOL, "lan", "fast"));
            blue.hold(Caller.acquire(0, "lan"));
            broker.policy(POLICY.replace("queues: [0-1]", "queues: [1]"));
            Reply reloaded = admin.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
            assertThat(reloaded.getPolicyReloaded().getEndedList())
                    .containsExactly(held.getLeases(1).getId());
            assertToldOfTheEnd(root, held.getLeases(1).getId(), EndReason.POLICY);
            assertThat(xdpIsAttached()).isFalse();
            frames.sendToTheStack();
            assertThat(Frames.take(root.fds().get(1))).as("the packet socket").isEqualTo(1);
            assertThat(Frames.take(blue.fds().get(0))).isEqualTo(1);
        }
    }

    @Test
    void aTenantThatIsGoneLosesAllAndCannotAskAgain() throws Exception {
        try (Caller blue = Caller.greeted(broker.socket(), BLUE)) {
            long lease = blue.hold(Caller.acquire(0, "lan")).getLeases(0).getId();
            broker.policy(POLICY.replace("uid: 1001", "uid: 1003"));
            broker.reload();
            assertToldOfTheEnd(blue, lease, EndReason.POLICY);
            Error error = blue.refused(Caller.acquire(0, "lan"));
            assertThat(error.getCode()).isEqualTo(Error.Code.DENIED);
        }
    }

    @Test
    void aBrokenPolicyChangesNothing() throws Exception {
        try (Caller root = Caller.greeted(broker.socket())) {
            root.hold(Caller.acquire(POOL, "lan", "fast"));
            broker.policy(POLICY.replace("kind: xdp", "kind: xpd"));
            Error error = admin.refused(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
            assertThat(error.getCode()).isEqualTo(Error.Code.INVALID);
            assertThat(error.getMessage()).contains("policy.yaml:7:").contains("xpd");
            broker.audited("\"policy_refused\"", "xpd");
            broker.reload();
            broker.audited("\"policy_refused\"", "xpd");
            assertThat(leases()).hasSize(2);
            assertThat(xdpIsAttached()).isTrue();
            assertThat(admin.call(Request.newBuilder().setShowPolicy(ShowPolicy.getDefaultInstance()))
                            .getPolicyText()
                            .getText())
                    .isEqualTo(POLICY);
            root.hold(Caller.acquire(0, "other"));
        }
    }

    @Test
    void aStoppedBrokerLeavesNothing() throws Exception {
        Caller holder = Caller.greeted(broker.socket());
        holder.hold(Caller.acquire(POOL, "lan", "fast"));
        Set<Held.BpfObject> objects = Held.bpf();
        broker.stop();
        broker.audited("\"end\"", "\"grant\":\"fast\"", "\"reason\":\"shutdown\"");
        assertThat(xdpIsAttached()).isFalse();
        holder.ended();
        holder.close();
        Eventually.holds("no BPF object", () -> objects.stream().noneMatch(Held.BpfObject::exists));
        assertThat(directory.resolve("broker.sock")).doesNotExist();
    }

    /** Numbers of the process' sockets. */
    private static List<Integer> socketsOf(long pid) throws Exception {
        List<Integer> sockets = new ArrayList<>();
        try (var entries = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            for (Path entry : entries.toList()) {
                if (Files.readSymbolicLink(entry).toString().startsWith("socket:")) {
                    sockets.add(Integer.parseInt(entry.getFileName().toString()));
                }
            }
        }
        return sockets;
    }

    private void revoke(long lease) throws Exception {
        Reply reply = admin.call(Request.newBuilder()
                .setRevoke(Revoke.newBuilder().setLease(lease).setWhy("because")));
        assertThat(reply.hasRevoked()).as("%s", reply).isTrue();
    }

    private static void confirmLast(Caller holder) throws Exception {
        assertThat(holder.call(Caller.confirm(holder.lastNonce())).hasConfirmed())
                .isTrue();
    }

    private static void assertToldOfTheEnd(Caller holder, long lease, EndReason reason) throws Exception {
        Reply notice = holder.reply();
        assertThat(notice.getId()).isZero();
        assertThat(notice.getLeaseEnded().getLease()).isEqualTo(lease);
        assertThat(notice.getLeaseEnded().getReason()).isEqualTo(reason);
    }

    private List<LeaseInfo> leases() throws Exception {
        return admin.call(Request.newBuilder().setListLeases(ListLeases.getDefaultInstance()))
                .getLeaseList()
                .getLeasesList();
    }

    private boolean xdpIsAttached() throws Exception {
        return broker.netns().ip("link", "show", "dev0").contains("prog/xdp");
    }
}
