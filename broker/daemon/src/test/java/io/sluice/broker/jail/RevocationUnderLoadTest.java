package io.sluice.broker.jail;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.sys.Sockets;
import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * While both directions are flooded, nothing passes after the reply to a revocation: what has passed is counted by the
 * kernel, at the far end and at the tenant's socket, as soon as the reply is there and again some time later.
 */
@Tag("kernel")
class RevocationUnderLoadTest {
    private static final int RUNS = 200;
    private static final long LATER_NS = 3_000_000;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_STATISTICS = 6;
    private static final int MSG_DONTWAIT = 0x40;
    private static final String TO_WIRE = "02000000aa01" + "020000000110" + "b588";
    private static final String TO_TENANT = "020000000110" + "02000000aa01" + "b588";
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                grants:
                  lan: { kind: packet, offloads: false, buffer: 128KiB, unbounded: true, jail: { bridge: br0, mac: "02:00:00:00:01:10" } }
            """;

    @TempDir
    Path directory;

    private RunningBroker broker;
    private Caller admin;
    private Fd wire;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        broker.netns().ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
        broker.netns().ip("link", "set", "br0", "up");
        broker.netns().ip("link", "set", "dev0", "master", "br0");
        wire = broker.netns().call(() -> {
            Fd socket = Sockets.open(Sockets.AF_PACKET, Sockets.SOCK_RAW, 0, "wire");
            Sockets.bindPacket(socket, 3, BrokerCalls.LIBC.if_nametoindex("peer0"), "peer0");
            return socket;
        });
        admin = Caller.greeted(broker.adminSocket());
    }

    @AfterEach
    void stop() throws Exception {
        admin.close();
        wire.close();
        broker.close();
    }

    @Test
    void afterTheReplyNothingPasses() throws Exception {
        long passed = 0;
        for (int run = 0; run < RUNS; run++) {
            try (Caller holder = Caller.greeted(broker.socket())) {
                long lease = holder.hold(Caller.acquire(0, "lan")).getLeases(0).getId();
                Fd socket = holder.fds().get(0);
                try (Flood out = new Flood(socket, TO_WIRE);
                        Flood in = new Flood(wire, TO_TENANT)) {
                    received(wire);
                    received(socket);
                    Eventually.holds("traffic both ways", () -> received(wire) > 0 && received(socket) > 0);
                    admin.call(
                            Request.newBuilder().setRevoke(Revoke.newBuilder().setLease(lease)));
                    passed += received(wire) + received(socket);
                    LockSupport.parkNanos(LATER_NS);
                    assertThat(received(wire)).as("at the wire, run %s", run).isZero();
                    assertThat(received(socket))
                            .as("at the tenant, run %s", run)
                            .isZero();
                    assertThat(in.sent() + out.sent()).isPositive();
                }
            }
        }
        assertThat(passed).as("some of it passed until then").isPositive();
    }

    /** Frames that arrived at the socket since the last time: tpacket_stats {packets u32, drops u32}, which reading zeroes. */
    private static long received(Fd socket) {
        ByteBuffer statistics = Native.allocate(8);
        if (BrokerCalls.LIBC.getsockopt(
                        socket.number(),
                        SOL_PACKET,
                        PACKET_STATISTICS,
                        statistics,
                        Native.allocate(4).putInt(0, 8))
                != 0) {
            throw new AssertionError("getsockopt(PACKET_STATISTICS)");
        }
        return statistics.getInt(0) & 0xffffffffL;
    }

    /** Sends the same frame as fast as it can. */
    private static final class Flood implements AutoCloseable {
        private final Thread thread;
        private volatile boolean going = true;
        private volatile long sent;

        Flood(Fd socket, String head) {
            byte[] bytes = HexFormat.of().parseHex(head);
            ByteBuffer frame = Native.allocate(60).put(0, bytes);
            thread = new Thread(() -> run(socket, frame), "flood");
            thread.start();
        }

        private void run(Fd socket, ByteBuffer frame) {
            long count = 0;
            while (going) {
                if (TestCalls.LIBC.send(socket.number(), frame, frame.capacity(), MSG_DONTWAIT) > 0) {
                    sent = ++count;
                }
            }
        }

        long sent() {
            return sent;
        }

        @Override
        public void close() {
            going = false;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
