package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.port.tunnel.Endpoint;
import io.sluice.worker.port.tunnel.TunnelPort;
import io.sluice.worker.port.tunnel.TunnelSpec;
import io.sluice.worker.port.tunnel.Underlay;
import io.sluice.worker.sys.Epoll;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tunnels linked with tunnels, so many that a packet goes from socket to socket without being polled.
 *
 * <pre>
 *  near tunnel i ==loopback== left tunnel i - link i - right tunnel i ==loopback== far tunnel i
 * </pre>
 */
@Timeout(60)
class StitchedTunnelsTest {
    private static final int TUNNELS = 300;
    private static final int UDP_PORT = 24_790;
    private static final int LENGTH = 60;
    private static final int NUMBER = 20;

    private FramePool pool;
    private Epoll epoll;
    private DutyCycle duty;
    private Underlay farSocket;
    private final List<Port> near = new ArrayList<>();
    private final List<Port> left = new ArrayList<>();
    private final List<Port> right = new ArrayList<>();
    private final List<Port> far = new ArrayList<>();
    private final List<CrossConnect> links = new ArrayList<>();
    private final int[] sent = new int[TUNNELS];
    private final int[] seen = new int[TUNNELS];
    private final Vector vector = new Vector();

    @BeforeEach
    void stitch() throws Exception {
        pool = Pools.of(2048, 8_192, 0);
        epoll = new Epoll();
        duty = new DutyCycle(epoll);
        Underlay nearSocket = socket(1);
        Underlay leftSocket = socket(2);
        Underlay rightSocket = socket(3);
        farSocket = socket(4);
        for (int vni = 0; vni < TUNNELS; vni++) {
            near.add(tunnel(nearSocket, vni, 2));
            left.add(tunnel(leftSocket, vni, 1));
            right.add(tunnel(rightSocket, vni, 4));
            far.add(tunnel(farSocket, vni, 3));
            far.get(vni).queues().get(0).waiter(() -> {});
            links.add(new CrossConnect("l" + vni, left.get(vni), right.get(vni)));
            duty.add(links.get(vni));
        }
    }

    private Underlay socket(int host) throws Exception {
        return Underlay.open(Protocol.VXLAN, at(host), new Underlay.Settings(false, false, false), pool);
    }

    private static Endpoint at(int host) throws Exception {
        return new Endpoint(InetAddress.getByAddress(new byte[] {127, 8, 1, (byte) host}), UDP_PORT);
    }

    private static Port tunnel(Underlay underlay, int vni, int peer) throws Exception {
        return TunnelPort.open(
                Bench.info("tunnel", 1500), underlay, new TunnelSpec(new Encapsulation.Vxlan(vni), at(peer)));
    }

    @AfterEach
    void close() {
        for (List<Port> ports : List.of(near, left, right, far)) {
            ports.forEach(port -> port.queues().forEach(PortQueue::close));
        }
        epoll.close();
        assertThat(pool.freeFrames()).isEqualTo(pool.frames());
        pool.close();
    }

    private void send(int vni, int packets) {
        for (int i = 0; i < packets; i++) {
            int at = pool.take() + FramePool.HEADROOM;
            pool.bytes().putInt(at + NUMBER, sent[vni]++);
            vector.add(at, LENGTH, 0);
        }
        PortQueue queue = near.get(vni).queues().get(0);
        queue.send(vector);
        queue.flush();
        queue.shared().flush();
    }

    /** What has come out at the other end is what went in, in its order. */
    private void look() {
        farSocket.receive();
        for (int vni = 0; vni < TUNNELS; vni++) {
            far.get(vni).queues().get(0).poll(vector, Vector.CAPACITY);
            for (int i = 0; i < vector.count; i++) {
                assertThat(vector.length[i]).isEqualTo(LENGTH);
                int number = pool.bytes().getInt(vector.offset[i] + NUMBER);
                if (number != seen[vni]++) { // assertions allocate
                    throw new AssertionError("VNI " + vni + ": frame " + number + " came as " + (seen[vni] - 1));
                }
            }
            pool.giveAll(vector);
        }
    }

    private void settle() {
        while (duty.run() > 0) {
            look();
        }
        look();
        look();
    }

    @Test
    void whatGoesInComesOutInItsOrderWhicheverWayItTakes() {
        Random random = new Random(3);
        for (int step = 0; step < 3_000; step++) {
            int vni = random.nextInt(TUNNELS);
            send(vni, 1 + random.nextInt(3));
            if (random.nextInt(50) == 0) { // now they have to wait for others, and are polled; now not
                int usecs = random.nextBoolean() ? 100 : 0;
                right.get(vni).dials().turn(new Tuning(256, usecs, usecs == 0 ? 0 : 8, 0), pool);
            }
            if (random.nextInt(8) == 0) {
                duty.run();
                look();
            }
        }
        right.forEach(port -> port.dials().turn(Tuning.of(256), pool));
        settle();
        assertThat(seen).isEqualTo(sent);
        for (int vni = 0; vni < TUNNELS; vni++) {
            Counters in = left.get(vni).counters();
            Counters out = right.get(vni).counters();
            assertThat(List.of(in.received(), in.get(PortCounter.RX_BYTES)))
                    .isEqualTo(List.of(out.sent(), out.get(PortCounter.TX_BYTES)))
                    .isEqualTo(List.of((long) sent[vni], (long) sent[vni] * LENGTH));
            assertThat(in.rxMax()).isPositive();
            assertThat(out.txMax()).isPositive();
        }
    }

    @Test
    void aPacketWaitsForOthersWhereThatIsAskedFor() {
        right.get(7).dials().turn(new Tuning(256, 1_000_000, 4, 0), pool);
        send(7, 3);
        settle();
        assertThat(seen[7]).isZero();
        send(7, 1);
        settle();
        assertThat(seen[7]).isEqualTo(4);
        assertThat(right.get(7).counters().txMax()).isEqualTo(4);
    }

    @Test
    void aLinkThatIsRemovedHandsNothingOn() {
        send(9, 2);
        settle();
        duty.remove(links.get(9));
        send(9, 5);
        settle();
        assertThat(seen[9]).isEqualTo(2);
        assertThat(left.get(9).counters().get(PortCounter.RX_DROP_FULL)).isEqualTo(5);
    }

    @Test
    void nothingIsAllocatedForPacketsThatAreHandedOn() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        threads.getCurrentThreadAllocatedBytes(); // the first call of all allocates
        long allocated = -1;
        for (int round = 0; round < 5 && allocated != 0; round++) { // code is compiled, and given up, while it runs
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                send(i * 7 % TUNNELS, 1);
                if (i % 20 == 0) {
                    duty.run();
                    farSocket.receive();
                    drain();
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).isZero();
        settle();
    }

    private void drain() {
        for (int vni = 0; vni < TUNNELS; vni++) {
            far.get(vni).queues().get(0).poll(vector, Vector.CAPACITY);
            seen[vni] += vector.count;
            pool.giveAll(vector);
        }
    }
}
