package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.synthetic.SyntheticPort;
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

/** Tunnels that share two sockets, linked pairwise, in one duty cycle: what goes in one end comes out at the other. */
@Timeout(60)
class ManyTunnelsTest {
    private static final int TUNNELS = 300;
    private static final int UDP_PORT = 24_789;
    private static final int FRAMES = 8_192;
    private static final byte[] FRAME = Frames.of(0, 0, 60);

    private FramePool pool;
    private Epoll epoll;
    private DutyCycle duty;
    private Underlay near;
    private Underlay far;
    private final List<Port> sources = new ArrayList<>();
    private final List<Port> senders = new ArrayList<>();
    private final List<Port> receivers = new ArrayList<>();
    private final List<Port> sinks = new ArrayList<>();
    private final List<CrossConnect> links = new ArrayList<>();
    private final Vector vector = new Vector();

    @BeforeEach
    void joinTwoSocketsByTheirTunnels() throws Exception {
        pool = Pools.of(2048, FRAMES, 0);
        epoll = new Epoll();
        duty = new DutyCycle(epoll);
        near = Underlay.open(Protocol.VXLAN, at(1), Underlay.Settings.DEFAULT, pool);
        far = Underlay.open(Protocol.VXLAN, at(2), Underlay.Settings.DEFAULT, pool);
        for (int vni = 0; vni < TUNNELS; vni++) {
            senders.add(tunnel(near, vni, at(2)));
            receivers.add(tunnel(far, vni, at(1)));
            sources.add(SyntheticPort.discard(Bench.info("discard", 1500), pool));
            sinks.add(SyntheticPort.discard(Bench.info("discard", 1500), pool));
            duty.add(new CrossConnect("s" + vni, sources.get(vni), senders.get(vni)));
            links.add(new CrossConnect("r" + vni, receivers.get(vni), sinks.get(vni)));
            duty.add(links.get(vni));
        }
    }

    private static Endpoint at(int host) throws Exception {
        return new Endpoint(InetAddress.getByAddress(new byte[] {127, 8, 0, (byte) host}), UDP_PORT);
    }

    private static Port tunnel(Underlay underlay, int vni, Endpoint peer) {
        return TunnelPort.open(
                Bench.info("tunnel", 1500), underlay, new TunnelSpec(new Encapsulation.Vxlan(vni), peer));
    }

    @AfterEach
    void close() {
        for (List<Port> ports : List.of(senders, receivers, sources, sinks)) {
            ports.forEach(port -> port.queues().forEach(PortQueue::close));
        }
        epoll.close();
        pool.close();
    }

    private void send(int vni, int packets) {
        for (int i = 0; i < packets; i++) {
            int at = pool.take() + FramePool.HEADROOM;
            pool.bytes().put(at, FRAME);
            vector.add(at, FRAME.length, 0);
        }
        senders.get(vni).queues().get(0).send(vector);
        senders.get(vni).queues().get(0).flush();
    }

    private void settle() {
        for (int idle = 0; idle < 5; idle = duty.run() == 0 ? idle + 1 : 0) {
            assertThat(pool.freeFrames()).isPositive();
        }
    }

    private static long sum(List<Port> ports, PortCounter counter) {
        return ports.stream().mapToLong(port -> port.counters().get(counter)).sum();
    }

    @Test
    void everyPacketIsAccountedForWhileLinksComeAndGo() {
        Random random = new Random(2);
        boolean[] linked = new boolean[TUNNELS];
        java.util.Arrays.fill(linked, true);
        long offered = 0;
        for (int step = 0; step < 4_000; step++) {
            int vni = random.nextInt(TUNNELS);
            int n = random.nextInt(40) == 0 ? 60 : 1 + random.nextInt(2);
            send(vni, n);
            offered += n;
            if (random.nextInt(10) == 0) {
                int i = random.nextInt(TUNNELS);
                if (linked[i]) {
                    duty.remove(links.get(i));
                } else {
                    duty.add(links.get(i));
                }
                linked[i] = !linked[i];
            }
            if (random.nextInt(4) == 0) {
                duty.run();
            }
        }
        settle();
        assertThat(sum(senders, PortCounter.TX_PACKETS)).isEqualTo(offered);
        Counters in = new Counters();
        receivers.forEach(port -> in.addAll(port.counters()));
        assertThat(in.received()).isEqualTo(offered);
        assertThat(in.dropped()).isEqualTo(in.get(PortCounter.RX_DROP_FULL)).isPositive(); // while there was no link
        assertThat(sum(sinks, PortCounter.TX_PACKETS)).isEqualTo(offered - in.dropped());
        assertThat(far.counters().dropped()).isZero();
        duty.rest();
        assertThat(pool.freeFrames()).isGreaterThanOrEqualTo(FRAMES - 2 * 64); // what the sockets receive into
    }

    @Test
    void aTunnelThatIsFloodedTakesNothingFromTheOthers() {
        for (int round = 0; round < 300; round++) {
            int other = 1 + round % (TUNNELS - 1);
            send(0, 200);
            send(other, 1);
            duty.run();
        }
        settle();
        assertThat(sum(sinks.subList(1, TUNNELS), PortCounter.TX_PACKETS)).isEqualTo(300);
        assertThat(sum(sinks.subList(0, 1), PortCounter.TX_PACKETS)).isEqualTo(300 * 200L);
    }

    @Test
    void aTunnelThatIsClosedWithPacketsInItLosesItsOwnOnly() {
        send(5, 10);
        send(6, 10);
        duty.run(); // sends
        far.receive(); // hands them on, and none is polled yet
        duty.remove(links.get(5));
        receivers.get(5).queues().get(0).close();
        settle();
        Counters closed = receivers.get(5).counters();
        assertThat(closed.received()).isEqualTo(10).isEqualTo(closed.dropped());
        assertThat(sinks.get(5).counters().sent()).isZero();
        assertThat(sinks.get(6).counters().sent()).isEqualTo(10);
        send(5, 3);
        settle();
        assertThat(far.counters().get(PortCounter.RX_DROP_KEY)).isEqualTo(3);
        assertThat(duty.rest()).isFalse();
    }

    @Test
    void nothingIsAllocatedForPacketsOfAnyOfThem() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        threads.getCurrentThreadAllocatedBytes(); // the first call of all allocates
        long allocated = -1;
        for (int round = 0; round < 5 && allocated != 0; round++) { // code is compiled, and given up, while it runs
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 6_000; i++) {
                send(i * 7 % TUNNELS, 3);
                if (i % 20 == 0) {
                    duty.run();
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).isZero();
    }

    @Test
    void aSleepIsEndedByAPacketForAnyOfThem() {
        settle();
        for (int vni = 0; vni < TUNNELS; vni += 50) {
            assertThat(duty.rest()).isFalse();
            send(vni, 1);
            near.flush();
            epoll.await(10_000);
            settle();
            assertThat(sinks.get(vni).counters().sent()).isEqualTo(1);
        }
    }
}
