package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Frames;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.HoldingClient;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.Adopt;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.ListLeases;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a dead client held waits for its successor, for nobody else, and not for ever. */
@Tag("kernel")
@Timeout(120)
class AdoptionTest {
    private static final int BLUE = 1001;
    private static final int OTHER_BLUE = 1002;
    private static final int BLUES = 990;
    private static final long POOL = 1 << 20;
    private static final String KEY = "5f0c";
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grace: 300s
                quota: { leases: 2 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB }
                  fast: { kind: xdp, interface: dev0, queues: [0-1] }
                  inside: { kind: tap, jail: { bridge: br0, mac: "02:00:00:00:01:10" } }
              blue:
                identity: { uid: 1001 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB }
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
        broker.netns().ip("link", "add", "br0", "type", "bridge");
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
    void whatAKilledClientHeldGoesOnAndIsPassedOnWhole() throws Exception {
        List<LeaseInfo> held;
        try (HoldingClient client = HoldingClient.resumable(broker.socket(), KEY, "lan", "fast")) {
            held = leases();
            client.kill();
        }
        broker.audited("\"orphaned\"", "\"client\":\"holder\"", "\"grant\":\"fast\"", "kept for 300000 ms");
        assertThat(leases()).hasSize(2).allMatch(LeaseInfo::getWaiting);
        assertThat(xdpIsAttached()).isTrue();

        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            frames.send();
            Acquired adopted = heir.hold(adopt());
            assertThat(adopted.getPool().getSize()).isEqualTo(POOL);
            assertThat(adopted.getLeasesList())
                    .extracting(Lease::getId)
                    .containsExactlyElementsOf(
                            held.stream().map(LeaseInfo::getId).toList());
            assertThat(heir.fds())
                    .as("pool, packet socket, the one that sends, two xdp sockets")
                    .hasSize(5);
            broker.audited("\"adopted\"", "\"pid\":" + ProcessHandle.current().pid(), "\"grant\":\"fast\"");
            assertThat(leases())
                    .hasSize(2)
                    .noneMatch(LeaseInfo::getWaiting)
                    .allMatch(info -> info.getPid() == ProcessHandle.current().pid());
            Eventually.is("what came while nobody was there", () -> directed(heir, adopted), 1L);
            frames.send();
            Eventually.is("and what comes now", () -> directed(heir, adopted), 2L);
            heir.release(adopted.getLeases(0).getId());
            heir.release(adopted.getLeases(1).getId());
        }
        assertThat(xdpIsAttached()).isFalse();
        Held.nothingSince(before);
    }

    @Test
    void aConnectionThatIsClosedLeavesTheSameAsAProcessThatDies() throws Exception {
        orphan(KEY, "inside");
        assertThat(leases()).singleElement().matches(LeaseInfo::getWaiting);
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            assertThat(heir.hold(adopt()).getLeases(0).hasTap()).isTrue();
        }
    }

    @Test
    void whoSaysSomethingElseOrIsSomebodyElseAdoptsNothing() throws Exception {
        orphan(KEY, "lan");
        try (Caller other = Caller.resuming(broker.socket(), KEY + "0");
                Caller silent = Caller.greeted(broker.socket());
                Caller stranger = Caller.resuming(broker.socket(), KEY, BLUE)) {
            for (Caller caller : List.of(other, silent, stranger)) {
                assertThat(caller.refused(adopt()).getCode()).isEqualTo(Error.Code.NOT_FOUND);
            }
        }
        assertThat(leases()).singleElement().matches(LeaseInfo::getWaiting);
    }

    @Test
    void anotherUserOfTheSameTenantAdoptsNothing() throws Exception {
        broker.policy(POLICY.replace("{ uid: 1001 }", "{ gid: " + BLUES + " }\n    grace: 300s"));
        reload();
        try (Caller first = Caller.resuming(broker.socket(), KEY, BLUE, BLUES)) {
            first.hold(Caller.acquire(0, "lan"));
        }
        broker.audited("\"orphaned\"");
        try (Caller other = Caller.resuming(broker.socket(), KEY, OTHER_BLUE, BLUES);
                Caller same = Caller.resuming(broker.socket(), KEY, BLUE, BLUES)) {
            assertThat(other.refused(adopt()).getCode()).isEqualTo(Error.Code.NOT_FOUND);
            assertThat(same.hold(adopt()).getLeasesCount()).isEqualTo(1);
        }
    }

    @Test
    void whoDidNotAskForItOrHasNoGraceLeavesNothing() throws Exception {
        orphan("", "lan");
        broker.audited("\"end\"", "\"reason\":\"closed\"");
        try (Caller blue = Caller.resuming(broker.socket(), KEY, BLUE)) {
            blue.hold(Caller.acquire(0, "lan"));
        }
        broker.audited("\"end\"", "\"tenant\":\"blue\"", "\"reason\":\"closed\"");
        assertThat(leases()).isEmpty();
    }

    @Test
    void whatIsNotConfirmedIsNotKept() throws Exception {
        try (Caller caller = Caller.resuming(broker.socket(), KEY)) {
            caller.acquired(Caller.acquire(POOL, "fast"));
        }
        broker.audited("\"end\"", "\"reason\":\"closed\"");
        assertThat(leases()).isEmpty();
        Held.nothingSince(before);
    }

    @Test
    void anHeirThatDiesBeforeItConfirmsLosesIt() throws Exception {
        orphan(KEY, "lan");
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            heir.acquired(adopt());
        }
        broker.audited("\"end\"", "\"reason\":\"closed\"");
        assertThat(leases()).isEmpty();
        Held.nothingSince(before);
    }

    @Test
    void whoMisbehavesLeavesNothing() throws Exception {
        try (Caller caller = Caller.resuming(broker.socket(), KEY)) {
            caller.hold(Caller.acquire(0, "lan"));
            caller.send(new byte[] {1, 2, 3});
            caller.cutOff();
        }
        broker.audited("\"end\"", "\"reason\":\"misbehaved\"");
        assertThat(leases()).isEmpty();
    }

    @Test
    void itEndsWhenTheGraceIsOver() throws Exception {
        broker.policy(POLICY.replace("300s", "400ms"));
        reload();
        orphan(KEY, "fast");
        broker.audited("\"orphaned\"");
        broker.audited("\"end\"", "died: nobody adopted it in time");
        assertThat(leases()).isEmpty();
        assertThat(xdpIsAttached()).isFalse();
        Held.nothingSince(before);
        try (Caller late = Caller.resuming(broker.socket(), KEY)) {
            assertThat(late.refused(adopt()).getCode()).isEqualTo(Error.Code.NOT_FOUND);
        }
    }

    @Test
    void itCountsAgainstTheQuota() throws Exception {
        orphan(KEY, "lan", "inside");
        try (Caller other = Caller.greeted(broker.socket())) {
            assertThat(other.refused(Caller.acquire(0, "lan")).getCode()).isEqualTo(Error.Code.QUOTA);
        }
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            Acquired adopted = heir.hold(adopt());
            heir.release(adopted.getLeases(0).getId());
            heir.hold(Caller.acquire(0, "lan"));
        }
    }

    @Test
    void anOperatorCanRevokeItMeanwhileAndTheRestIsPassedOn() throws Exception {
        orphan(KEY, "lan", "inside");
        List<LeaseInfo> held = leases();
        revoke(held.get(0).getId());
        assertThat(leases()).singleElement().matches(LeaseInfo::getWaiting);
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            assertThat(heir.hold(adopt()).getLeasesList())
                    .singleElement()
                    .matches(lease -> lease.getId() == held.get(1).getId());
        }
    }

    @Test
    void aPoolDoesNotWaitWithoutLeases() throws Exception {
        orphan(KEY, "fast");
        revoke(leases().get(0).getId());
        Held.nothingSince(before);
    }

    @Test
    void aNewPolicyThatNoLongerAllowsItEndsIt() throws Exception {
        orphan(KEY, "fast");
        broker.policy(POLICY.replace("queues: [0-1]", "queues: [1]"));
        Reply reloaded = reload();
        assertThat(reloaded.getPolicyReloaded().getEndedCount()).isEqualTo(1);
        assertThat(leases()).isEmpty();
        assertThat(xdpIsAttached()).isFalse();
    }

    @Test
    void twoOfTheSameWordsAreAdoptedOneAfterTheOther() throws Exception {
        orphan(KEY, "lan");
        long first = leases().get(0).getId();
        orphan(KEY, "inside");
        try (Caller one = Caller.resuming(broker.socket(), KEY);
                Caller two = Caller.resuming(broker.socket(), KEY)) {
            assertThat(one.hold(adopt()).getLeases(0).getId()).isEqualTo(first);
            assertThat(one.refused(adopt()).getCode()).as("it has something").isEqualTo(Error.Code.INVALID);
            assertThat(two.hold(adopt()).getLeases(0).hasTap()).isTrue();
        }
    }

    @Test
    void anHeirCanDieTooAndIsSucceeded() throws Exception {
        orphan(KEY, "fast");
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            heir.hold(adopt());
        }
        broker.audited("\"orphaned\"");
        broker.audited("\"orphaned\"");
        try (Caller heir = Caller.resuming(broker.socket(), KEY)) {
            assertThat(heir.hold(adopt()).hasPool()).isTrue();
        }
    }

    @Test
    void aBrokerThatStopsEndsIt() throws Exception {
        orphan(KEY, "lan", "fast");
        broker.stop();
        broker.audited("\"end\"", "\"reason\":\"shutdown\"");
        admin.close();
        Eventually.holds("detached", () -> !xdpIsAttached());
    }

    /** Leaves what {@code grants} say behind; the pool comes with it if one is xdp. */
    private void orphan(String key, String... grants) throws Exception {
        int already = leases().size();
        try (Caller caller = Caller.resuming(broker.socket(), key)) {
            caller.hold(Caller.acquire(List.of(grants).contains("fast") ? POOL : 0, grants));
        }
        if (!key.isEmpty()) {
            Eventually.holds(
                    "orphans",
                    () -> leases().stream().filter(LeaseInfo::getWaiting).count() == already + grants.length);
        }
    }

    private static Request.Builder adopt() {
        return Request.newBuilder().setAdopt(Adopt.getDefaultInstance());
    }

    private static long directed(Caller holder, Acquired acquired) throws Exception {
        long sum = 0;
        for (var queue : acquired.getLeases(1).getXdp().getQueuesList()) {
            sum += Frames.directedTo(holder.fds().get(queue.getFd()));
        }
        return sum;
    }

    private void revoke(long lease) throws Exception {
        Reply reply =
                admin.call(Request.newBuilder().setRevoke(Revoke.newBuilder().setLease(lease)));
        assertThat(reply.hasRevoked()).as("%s", reply).isTrue();
    }

    private Reply reload() throws Exception {
        Reply reply = admin.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
        assertThat(reply.hasPolicyReloaded()).as("%s", reply).isTrue();
        return reply;
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
