package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GetStatus;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.WatchAudit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may connect, how often, and what each may hold. */
@Tag("kernel")
class AdmissionTest {
    private static final int BLUE = 1001;
    private static final int GREEN = 1002;
    private static final int STRANGER = 1099;
    private static final int MANY = 1004;
    private static final int KIB = 1024;
    private static final String POLICY = """
            version: 1
            admins: [{ uid: 0 }, { uid: 1002 }]
            tenants:
              root:
                identity: { uid: 0 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
              blue:
                identity: { uid: 1001 }
                quota: { connections: 3, leases: 2, memory: 1MiB }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
                  wide: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0, sockets: 2 }
              many:
                identity: { uid: 1004 }
                quota: { queues: 320, leases: 20, memory: 1GiB }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0, sockets: 32 }
            """;

    @TempDir
    Path directory;

    private final List<Caller> callers = new ArrayList<>();
    private RunningBroker broker;
    private Caller root;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        root = add(Caller.greeted(broker.socket()));
    }

    @AfterEach
    void stop() throws Exception {
        try {
            if (root != null) {
                root.isServed();
            }
        } finally {
            callers.forEach(Caller::close);
            if (broker != null) {
                broker.close();
            }
        }
    }

    @Test
    void aStrangerIsToldWhoItIsAndWhatToDo() throws Exception {
        Error error = add(Caller.connect(broker.socket(), STRANGER)).cutOff();
        assertThat(error.getCode()).isEqualTo(Error.Code.DENIED);
        assertThat(error.getMessage()).isEqualTo("no tenant of the policy has uid 1099 (groups [1099])");
        assertThat(error.getHint()).contains("add a tenant");
        broker.audited("\"deny\"", "\"uid\":1099", "no tenant");
    }

    @Test
    void aUidIsNotNegative() throws Exception {
        Error error = add(Caller.connect(broker.socket(), -2)).cutOff();
        assertThat(error.getMessage()).startsWith("no tenant of the policy has uid 4294967294 (groups [4294967294])");
    }

    @Test
    void theAdminSocketIsForAdmins() throws Exception {
        Error error = add(Caller.connect(broker.adminSocket(), BLUE)).cutOff();
        assertThat(error.getCode()).isEqualTo(Error.Code.DENIED);
        assertThat(error.getMessage()).isEqualTo("uid 1001 is no administrator");
        broker.audited("\"deny\"", "\"uid\":1001", "no administrator");
        add(Caller.greeted(broker.adminSocket(), GREEN));
    }

    @Test
    void ourClientShowsTheRefusal() throws Exception {
        broker.policy(POLICY.replace("{ uid: 0 }, ", "").replace("uid: 0 }", "uid: 7 }"));
        add(Caller.greeted(broker.adminSocket(), GREEN))
                .call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
        for (int i = 0; i < 20; i++) {
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> BrokerClient.connect(broker.socket(), "test", notice -> {}, end -> {})
                            .close())
                    .withMessageStartingWith("no tenant of the policy has uid 0");
        }
        root = null; // which is nobody now
    }

    @Test
    void whoIsNoLongerAdminIsCutOffAtTheReload() throws Exception {
        Caller green = add(Caller.greeted(broker.adminSocket(), GREEN));
        Caller watcher = add(Caller.greeted(broker.adminSocket(), GREEN));
        watcher.send(Request.newBuilder().setWatchAudit(WatchAudit.getDefaultInstance()));
        green.call(Request.newBuilder().setGetStatus(GetStatus.getDefaultInstance()));
        broker.policy(POLICY.replace(", { uid: 1002 }", ""));
        Caller admin = add(Caller.greeted(broker.adminSocket()));
        admin.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
        assertThat(green.cutOff().getMessage()).isEqualTo("uid 1002 is no administrator");
        while (watcher.reply().hasAuditEvent()) {
            // What was on its way.
        }
        watcher.ended();
        admin.call(Request.newBuilder().setGetStatus(GetStatus.getDefaultInstance()));
    }

    @Test
    void aUidHasItsConnectionsAndNoMore() throws Exception {
        for (int i = 0; i < 3; i++) {
            add(Caller.greeted(broker.socket(), BLUE));
        }
        Error error = add(Caller.connect(broker.socket(), BLUE)).cutOff();
        assertThat(error.getCode()).isEqualTo(Error.Code.QUOTA);
        assertThat(error.getMessage()).isEqualTo("uid 1001 has 3 connections open");
        callers.get(1).isServed();
        add(Caller.greeted(broker.socket())).isServed();
        for (int i = 0; i < 100; i++) {
            callers.remove(1).close();
            callers.add(1, Caller.greeted(broker.socket(), BLUE)); // though the broker may see both at once
        }
    }

    @Test
    void whoeverKeepsConnectingLeavesNothingBehind() throws Exception {
        List<String> before = Held.descriptors();
        for (int i = 0; i < 100; i++) {
            try (Caller stranger = Caller.connect(broker.socket(), STRANGER)) {
                stranger.cutOff();
            }
        }
        root.isServed();
        Held.nothingSince(before);
    }

    @Test
    void leasesAreCountedOverAllConnectionsOfATenant() throws Exception {
        Caller one = add(Caller.greeted(broker.socket(), BLUE));
        Caller other = add(Caller.greeted(broker.socket(), BLUE));
        assertThat(one.refused(Caller.acquire(0, "lan", "lan", "lan")).getCode())
                .as("three at once")
                .isEqualTo(Error.Code.QUOTA);
        long lease = one.hold(Caller.acquire(0, "lan")).getLeases(0).getId();
        other.hold(Caller.acquire(0, "lan"));
        Error error = other.refused(Caller.acquire(0, "lan"));
        assertThat(error.getCode()).isEqualTo(Error.Code.QUOTA);
        assertThat(error.getMessage()).isEqualTo("tenant blue: 3 leases would be held, 2 are allowed");
        broker.audited("\"deny\"", "quota: 3 leases");
        one.release(lease);
        other.hold(Caller.acquire(0, "lan"));
        other.close();
        broker.audited("\"end\"", "\"lease\":2");
        broker.audited("\"end\"", "\"lease\":3");
        one.hold(Caller.acquire(0, "lan", "lan"));
    }

    @Test
    void memoryIsCountedOverLeasesAndPoolsAndGivenBack() throws Exception {
        Caller one = add(Caller.greeted(broker.socket(), BLUE));
        Caller other = add(Caller.greeted(broker.socket(), BLUE));
        // A lease of `lan` is charged with 512 KiB: two buffers of 128 KiB, which the kernel doubles.
        assertThat(one.refused(Caller.acquire(600 * KIB, "lan")).getMessage())
                .isEqualTo("tenant blue: 1138688 bytes of memory would be held, 1048576 are allowed");
        one.hold(Caller.acquire(256 * KIB));
        long lease = one.hold(Caller.acquire(0, "lan")).getLeases(0).getId();
        assertThat(other.refused(Caller.acquire(0, "lan")).getCode()).isEqualTo(Error.Code.QUOTA);
        assertThat(other.refused(Caller.acquire(260 * KIB)).getCode()).isEqualTo(Error.Code.QUOTA);
        other.hold(Caller.acquire(256 * KIB));
        one.release(lease);
        other.hold(Caller.acquire(0, "lan"));
        other.close();
        one.close();
        broker.audited("\"end\"", "closed");
        Caller later = add(Caller.greeted(broker.socket(), BLUE));
        later.hold(Caller.acquire(0, "wide"));
        assertThat(later.refused(Caller.acquire(4 * KIB)).getCode())
                .as("all of it was given back, and no more")
                .isEqualTo(Error.Code.QUOTA);
    }

    @Test
    void aConnectionHasOnePool() throws Exception {
        Caller one = add(Caller.greeted(broker.socket(), BLUE));
        one.hold(Caller.acquire(64 * KIB));
        assertThat(one.refused(Caller.acquire(64 * KIB)).getCode()).isEqualTo(Error.Code.INVALID);
    }

    private Caller add(Caller caller) {
        callers.add(caller);
        return caller;
    }

    /** The kernel counts what lies in sockets against the broker's user and, at its limit, refuses everybody's. */
    @Test
    void whoLetsDescriptorsLieGetsNoMore() throws Exception {
        Caller one = add(Caller.greeted(broker.socket(), MANY));
        Caller other = add(Caller.greeted(broker.socket(), MANY));
        String[] seven = {"lan", "lan", "lan", "lan", "lan", "lan", "lan"};
        one.acquired(Caller.acquire(0, seven));
        Error error = other.refused(Caller.acquire(0, "lan", "lan"));
        assertThat(error.getCode()).isEqualTo(Error.Code.BUSY);
        assertThat(error.getMessage()).isEqualTo("224 descriptors for uid 1004 are not confirmed yet");
        other.hold(Caller.acquire(0, "lan"));
        one.call(Caller.confirm(one.lastNonce()));
        other.hold(Caller.acquire(0, "lan", "lan"));
        error = other.refused(Caller.acquire(0, "lan"));
        assertThat(error.getCode()).isEqualTo(Error.Code.QUOTA);
        assertThat(error.getMessage()).isEqualTo("tenant many: 352 queues would be held, 320 are allowed");
    }
}
