package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.ThreadUse;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.synthetic.SyntheticPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two threads over real ports: who serves what, and that nothing is lost or turned round between them. */
@Tag("kernel")
@Timeout(120)
class DataPathsTest {
    private static final int FRAMES = 8192;
    private static final int LARGE = 600;
    private static final int FLOWS = 32;

    private final AtomicReference<Throwable> died = new AtomicReference<>();
    private Lab lab;
    private DataPaths threads;
    private Port a;
    private Port b;
    private Wire left;
    private Wire right;

    @BeforeEach
    void begin() throws Exception {
        lab = new Lab(FRAMES, LARGE, 2);
        threads = new DataPaths(lab.pools(), List.of(), IdleStrategy.ADAPTIVE, died::set);
        threads.start();
    }

    @AfterEach
    void end() throws Exception {
        threads.close(); // before the ports under it
        lab.close();
        assertThat(died).hasNullValue();
    }

    private void cable(PortKind kindA, PortKind kindB) throws Exception {
        lab.cable(kindA, "left", "wire0", 1500);
        lab.cable(kindB, "right", "wire1", 1500);
        a = lab.port(kindA, "left", threads.first(), false);
        b = lab.port(kindB, "right", threads.first(), false);
        left = lab.wire("wire0");
        right = lab.wire("wire1");
    }

    private Port synthetic(String name, boolean generator) {
        return threads.first().call(() -> {
            try {
                return generator
                        ? SyntheticPort.generator(
                                Lab.info(PortKind.PACKET, name, 1500, 64),
                                Frames.of(0, 0, 60),
                                lab.pool().view())
                        : SyntheticPort.discard(
                                Lab.info(PortKind.PACKET, name, 1500, 64),
                                lab.pool().view());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private Counters counters(Port port, int queue) {
        return threads.threads()
                .get(threads.threadOf(port.queues().get(queue)))
                .call(() -> port.state(queue).counters().copy());
    }

    /** Sends in bursts on both sides and waits until all has arrived; flows keep their order. */
    private int exchange(int bursts, int first) throws Exception {
        Map<Integer, Integer> next = new HashMap<>();
        int sent = first;
        for (int burst = 0; burst < bursts; burst++) {
            for (int i = 0; i < FLOWS; i++) {
                left.send(Frames.of(i, sent, 60 + 7 * i));
                right.send(Frames.of(i + FLOWS, sent, 60 + 7 * i));
            }
            sent++;
            for (Wire wire : List.of(left, right)) {
                for (byte[] frame : wire.receive(FLOWS)) {
                    assertThat(Frames.isWhole(frame)).isTrue();
                    assertThat(Frames.sequence(frame)).isEqualTo(next.getOrDefault(Frames.flow(frame), first));
                    next.put(Frames.flow(frame), Frames.sequence(frame) + 1);
                }
            }
        }
        return sent;
    }

    /** Sends without waiting, so that the threads overtake each other if they can; flows keep their order. */
    private void flood(int each) throws Exception {
        Map<Integer, Integer> next = new HashMap<>();
        for (int sequence = 0; sequence < each; sequence++) {
            for (int flow = 0; flow < FLOWS; flow++) {
                left.send(Frames.of(flow, sequence, 60));
            }
        }
        for (byte[] frame : right.receive(each * FLOWS)) {
            assertThat(Frames.sequence(frame)).isEqualTo(next.getOrDefault(Frames.flow(frame), 0));
            next.put(Frames.flow(frame), Frames.sequence(frame) + 1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "XDP_NATIVE_TWO_QUEUES, XDP_NATIVE_TWO_QUEUES",
        "XDP_NATIVE_TWO_QUEUES, PACKET_RINGS_OFFLOADS_TWO_SOCKETS",
        "PACKET_OFFLOADS_TWO_SOCKETS, PACKET_OFFLOADS_TWO_SOCKETS",
        "PACKET_THREE_SOCKETS, XDP_NATIVE_TWO_QUEUES"
    })
    void bothThreadsForwardFlowsStayInOrderAndTheBalanceIsExact(PortKind kindA, PortKind kindB) throws Exception {
        cable(kindA, kindB);
        DataPaths.Served link = threads.addLink("link", a, b);
        assertThat(link.threads()).containsExactly(0, 1);
        int sent = exchange(30, 0) * FLOWS;
        flood(10);
        for (Port port : List.of(a, b)) {
            long received = 0;
            for (int queue = 0; queue < port.queues().size(); queue++) {
                assertThat(threads.threadOf(port.queues().get(queue))).isEqualTo(queue % 2);
                assertThat(counters(port, queue).received())
                        .as("queue %d of %s", queue, port.name())
                        .isPositive();
                received += counters(port, queue).received();
            }
            assertThat(received).isEqualTo(sent + (port.name().equals("left") ? 10L * FLOWS : 0));
        }
        assertBalance();
        threads.removeLink(link);
        assertFramesComeBack();
    }

    /** In each thread by itself. */
    private void assertBalance() {
        for (int number = 0; number < 2; number++) {
            int here = number;
            lab.await("nothing in flight", () -> queued(here) == 0);
            Counters sum = new Counters();
            for (Port port : List.of(a, b)) {
                threads.queuesAt(port, number).forEach(queue -> sum.addAll(counters(port, queue)));
            }
            assertThat(sum.received() + sum.created()).isPositive().isEqualTo(sum.sent() + sum.dropped());
        }
    }

    private long queued(int number) {
        return threads.threads()
                .get(number)
                .call(() -> List.of(a, b).stream()
                        .flatMap(port -> threads.queuesAt(port, number).stream().map(port.queues()::get))
                        .mapToLong(PortQueue::queued)
                        .sum());
    }

    /** Every frame is free again when the ports are closed and the threads have ended. */
    private void assertFramesComeBack() {
        for (Port port : List.of(a, b)) {
            threads.each(port, (i, thread) -> port.queues().get(i).close());
            threads.each(port, (i, thread) -> port.queues().get(i).reclaim());
            threads.forget(port);
        }
        int slots = 2 * 256; // each thread's
        assertThat(free()).isBetween(FRAMES + LARGE - slots, FRAMES + LARGE);
    }

    private int free() {
        return threads.threads().stream()
                .mapToInt(thread -> thread.call(() -> thread.pool().freeFrames()))
                .sum();
    }

    @ParameterizedTest
    @CsvSource({
        "XDP_NATIVE, XDP_NATIVE",
        "XDP_NATIVE, PACKET_OFFLOADS",
        "PACKET_RINGS, PACKET",
        "XDP_NATIVE_BUSY_POLL, PACKET_THREE_SOCKETS"
    })
    void portsMoveFromThreadToThreadWithTheirFrames(PortKind kindA, PortKind kindB) throws Exception {
        cable(kindA, kindB);
        Port busy = synthetic("busy", false);
        Port other = synthetic("other", false);
        int sent = 0;
        int before = free();
        for (int round = 0; round < 6; round++) {
            DataPaths.Served elsewhere = null;
            if (round % 2 == 0) { // two queues of others are in the first thread, so the link goes to the second
                elsewhere = threads.addLink("elsewhere", busy, other);
            }
            DataPaths.Served link = threads.addLink("link", a, b);
            if (elsewhere != null) {
                assertThat(link.threads()).doesNotContainAnyElementsOf(elsewhere.threads());
                threads.removeLink(elsewhere);
            }
            sent = exchange(5, sent);
            threads.removeLink(link);
        }
        assertThat(a.counters().received()).isEqualTo((long) sent * FLOWS);
        lab.await("the frames", () -> {
            threads.each(a, (i, thread) -> a.queues().get(i).flush());
            threads.each(b, (i, thread) -> b.queues().get(i).flush());
            return free() >= before - 4 * 256;
        });
        assertFramesComeBack();
    }

    @ParameterizedTest
    @CsvSource({"PACKET_THREE_SOCKETS, PACKET", "XDP_NATIVE, PACKET_THREE_SOCKETS", "XDP_NATIVE_TWO_QUEUES, XDP_NATIVE"
    })
    void aLinkWithOneQueueOnOneSideIsInOneThread(PortKind kindA, PortKind kindB) throws Exception {
        cable(kindA, kindB);
        assertThat(threads.addLink("link", a, b).threads()).containsExactly(0);
        exchange(10, 0);
        assertBalanceOf(0);
    }

    private void assertBalanceOf(int number) {
        assertThat(threads.queuesAt(a, number)).hasSameSizeAs(a.queues());
        assertThat(threads.queuesAt(b, number)).hasSameSizeAs(b.queues());
        lab.await("nothing in flight", () -> queued(number) == 0);
        Counters sum = new Counters();
        for (Port port : List.of(a, b)) {
            threads.queuesAt(port, number).forEach(queue -> sum.addAll(counters(port, queue)));
        }
        assertThat(sum.received()).isEqualTo(2L * 10 * FLOWS).isEqualTo(sum.sent());
    }

    @Test
    void linksComeAndGoBesideOneThatLosesNothing() throws Exception {
        cable(PortKind.XDP_NATIVE_TWO_QUEUES, PortKind.PACKET_RINGS_OFFLOADS_TWO_SOCKETS);
        threads.addLink("link", a, b);
        Port[] others = new Port[6];
        for (int i = 0; i < others.length; i++) {
            others[i] = synthetic("other" + i, i % 2 == 0);
        }
        int sent = 0;
        for (int round = 0; round < 20; round++) {
            for (int flow = 0; flow < FLOWS; flow++) {
                left.send(Frames.of(flow, sent, 60));
            }
            DataPaths.Served one = threads.addLink("one", others[0], others[1]);
            DataPaths.Served two = threads.addLink("two", others[2 + round % 2 * 2], others[3]);
            threads.removeLink(round % 2 == 0 ? one : two);
            threads.removeLink(round % 2 == 0 ? two : one);
            sent++;
        }
        assertThat(right.receive(sent * FLOWS)).allMatch(Frames::isWhole);
        assertThat(threads.served(0) + threads.served(1)).isEqualTo(4);
        assertBalance();
    }

    @Test
    void theNextLinkGoesToTheThreadWithTheFewestQueues() {
        List<Integer> chosen = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Port one = synthetic("one" + i, false);
            Port other = synthetic("other" + i, false);
            chosen.addAll(threads.addLink("link" + i, one, other).threads());
        }
        assertThat(chosen).containsExactly(0, 1, 0, 1);
        assertThat(threads.served(0)).isEqualTo(4);
        assertThat(threads.served(1)).isEqualTo(4);
    }

    @Test
    void aTunnelStaysInTheFirstThreadAndSoDoesWhatItIsLinkedWith() throws Exception {
        threads.addLink("busy", synthetic("busy", false), synthetic("other", false));
        lab.cable(PortKind.TUNNEL_VXLAN, "left", "wire0", 1500);
        Port tunnel = lab.port(PortKind.TUNNEL_VXLAN, "left", threads.first(), false);
        Port generator = synthetic("generator", true);
        DataPaths.Served elsewhere = threads.addLink("elsewhere", generator, synthetic("more", false));
        assertThat(elsewhere.threads()).containsExactly(1);
        threads.removeLink(elsewhere);
        assertThat(threads.threadOf(generator.queues().get(0))).isEqualTo(1);
        assertThat(threads.addLink("link", generator, tunnel).threads()).containsExactly(0);
        lab.await("packets through the tunnel", () -> counters(tunnel, 0).sent() > 1_000);
    }

    @Test
    void nobodyAllocatesForPackets() throws Exception {
        cable(PortKind.XDP_NATIVE_TWO_QUEUES, PortKind.XDP_NATIVE_TWO_QUEUES);
        threads.addLink("link", a, b);
        exchange(300, 0); // loads classes and links call sites
        long[] before = {allocated(0), allocated(1)};
        long[] calls = {allocated(0) - before[0], allocated(1) - before[1]}; // what asking takes
        long[] start = {allocated(0), allocated(1)};
        exchange(300, 300);
        for (int number = 0; number < 2; number++) {
            assertThat(allocated(number) - start[number])
                    .as("bytes in thread %d", number)
                    .isLessThan(calls[number] + 4096);
            assertThat(counters(a, number).received()).isGreaterThan(600);
        }
    }

    private long allocated(int number) {
        ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.threads().get(number).call(beans::getCurrentThreadAllocatedBytes);
    }

    @Test
    void withoutTrafficBothThreadsSleep() throws Exception {
        cable(PortKind.XDP_NATIVE_TWO_QUEUES, PortKind.PACKET_OFFLOADS_TWO_SOCKETS);
        threads.addLink("link", a, b);
        exchange(20, 0);
        for (int number = 0; number < 2; number++) {
            String name = "data-path-" + number;
            lab.await(name + " to sleep", () -> use(name).asleep());
            ThreadUse before = use(name);
            TimeUnit.SECONDS.sleep(1); // what it uses in a second
            assertThat(use(name).sleeps() - before.sleeps()).isLessThanOrEqualTo(1);
            assertThat(use(name).ticks() - before.ticks()).isLessThanOrEqualTo(1);
        }
        exchange(1, 20);
    }

    private static ThreadUse use(String thread) {
        try {
            return ThreadUse.of(thread);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
