package io.sluice.broker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.ListGrants;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.ShowPolicy;
import io.sluice.grant.v1.WatchAudit;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that owe the broker something and keep it waiting. All begin at once, so that the tests wait together. */
@Tag("kernel")
class LateClientTest {
    private static final int BLUE = 1001;
    private static final int GREEN = 1002;

    /** 5 s, and two ticks of the broker's. */
    private static final long EARLIEST_NS = TimeUnit.MILLISECONDS.toNanos(4900);

    private static final long LATEST_NS = TimeUnit.MILLISECONDS.toNanos(8000);

    private static final int POLLHUP = 0x10;

    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
              blue:
                identity: { uid: 1001 }
                quota: { connections: 16 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
              green:
                identity: { uid: 1002 }
                grants:
                  lan: { kind: packet, interface: dev0, unconfined: true, buffer: 128KiB, ring-frames: 0 }
            # %s
            """.formatted("x".repeat(100_000));

    @TempDir
    static Path directory;

    private static RunningBroker broker;
    private static Caller silent;
    private static Caller halfway;
    private static Caller halfALength;
    private static Caller unconfirmed;
    private static Caller deaf;
    private static Caller deafAdmin;
    private static Caller deafWatcher;
    private static Caller idle;
    private static long start;

    /** When each was seen to be cut off. */
    private static final Map<Caller, Long> ended = new ConcurrentHashMap<>();

    private static Thread watcher;

    @BeforeAll
    static void everybodyIsLate() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        idle = Caller.greeted(broker.socket(), GREEN);
        halfway = Caller.greeted(broker.socket(), BLUE);
        halfALength = Caller.greeted(broker.socket(), BLUE);
        unconfirmed = Caller.greeted(broker.socket(), BLUE);
        deaf = Caller.greeted(broker.socket(), BLUE);
        deafAdmin = Caller.greeted(broker.adminSocket());
        deafWatcher = Caller.greeted(broker.adminSocket());
        start = System.nanoTime();
        silent = Caller.connect(broker.socket(), BLUE);
        halfway.raw(new byte[] {0, 0, 0, 9, 1, 2, 3});
        halfALength.raw(new byte[] {0, 0});
        unconfirmed.hold(Caller.acquire(0, "lan"));
        unconfirmed.acquired(Caller.acquire(0, "lan"));
        fill(deaf, Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()));
        fill(deafAdmin, Request.newBuilder().setShowPolicy(ShowPolicy.getDefaultInstance()));
        deafWatcher.send(Request.newBuilder().setWatchAudit(WatchAudit.getDefaultInstance()));
        watcher = new Thread(LateClientTest::watch, "watcher");
        watcher.start();
    }

    @AfterAll
    static void stop() throws Exception {
        watcher.join();
        for (Caller caller : List.of(silent, halfway, halfALength, unconfirmed, deaf, deafAdmin, deafWatcher, idle)) {
            caller.close();
        }
        broker.close();
    }

    /** Sends until the broker reads no more, without reading anything. */
    private static void fill(Caller caller, Request.Builder request) throws SyscallException {
        byte[] body = request.setId(7).build().toByteArray();
        do {
            caller.channel().send(body, List.of());
        } while (caller.channel().flush() || caller.channel().await(true, 300));
    }

    @Test
    void whoNeverSaysHelloIsCutOff() throws Exception {
        assertCutOffInTime(silent);
        silent.ended();
    }

    @Test
    void whoStopsInMidFrameIsCutOff() throws Exception {
        assertCutOffInTime(halfway);
        halfway.ended();
    }

    @Test
    void whoStopsInMidLengthIsCutOff() throws Exception {
        assertCutOffInTime(halfALength);
    }

    @Test
    void whoDoesNotConfirmLosesWhatWasMade() throws Exception {
        assertCutOffInTime(unconfirmed);
        broker.audited("\"end\"", "\"uid\":1001", "\"lease\":1", "unconfirmed");
        broker.audited("\"end\"", "\"uid\":1001", "\"lease\":2", "unconfirmed");
        Eventually.holds(
                "only the descriptors that we hold are left",
                () -> broker.netns().sockets("PACKET") == 2);
    }

    @Test
    void whoNeverReadsRepliesIsCutOff() throws Exception {
        assertCutOffInTime(deaf);
    }

    @Test
    void whoNeverReadsLargeRepliesIsCutOff() throws Exception {
        assertCutOffInTime(deafAdmin);
    }

    @Test
    void whoOwesNothingMayBeSilentForEver() throws Exception {
        assertCutOffInTime(silent);
        assertThat(hungUp(idle)).isFalse();
        idle.isServed();
    }

    /** Its stream is filled with refusals, which are written down. */
    @Test
    void whoNeverReadsTheAuditStreamIsCutOffAndNobodyElseWaitsForIt() throws Exception {
        Eventually.holds("the stream ends", () -> {
            for (int i = 0; i < 100; i++) {
                idle.refused(Caller.acquire(0, "none"));
            }
            return hungUp(deafWatcher);
        });
        assertThat(deafWatcher.reply().hasAuditEvent())
                .as("what the socket had room for")
                .isTrue();
    }

    private static void assertCutOffInTime(Caller caller) throws Exception {
        Eventually.holds("cut off", () -> ended.containsKey(caller));
        assertThat(ended.get(caller) - start).isBetween(EARLIEST_NS, LATEST_NS);
    }

    private static void watch() {
        List<Caller> late = List.of(silent, halfway, halfALength, unconfirmed, deaf, deafAdmin);
        while (ended.size() < late.size() && System.nanoTime() - start < 2 * LATEST_NS) {
            for (Caller caller : late) {
                if (hungUp(caller)) {
                    ended.putIfAbsent(caller, System.nanoTime());
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** Whether the broker has closed the connection, without reading what it sent before. */
    private static boolean hungUp(Caller caller) {
        ByteBuffer pollfd =
                Native.allocate(8).putInt(0, caller.channel().socket().number());
        BrokerCalls.LIBC.poll(pollfd, 1, 0);
        return (pollfd.getShort(6) & POLLHUP) != 0;
    }
}
