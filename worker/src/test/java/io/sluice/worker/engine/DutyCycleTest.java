package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.FakeQueue;
import io.sluice.worker.sys.Epoll;
import io.sluice.worker.sys.WorkerCalls;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is polled and who is not, with queues without a kernel behind them. */
@Timeout(60)
class DutyCycleTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final int IDLE = 500;

    /** Cycles within which whoever got something is served, whatever the others do. */
    private static final int SOON = 3;

    private final Closer open = new Closer();
    private final List<FakeQueue> left = new ArrayList<>();
    private final List<FakeQueue> right = new ArrayList<>();
    private final List<CrossConnect> links = new ArrayList<>();
    private Epoll epoll;
    private DutyCycle duty;

    @BeforeEach
    void linkManyQueues() throws Exception {
        epoll = new Epoll();
        duty = new DutyCycle(epoll);
        for (int i = 0; i < IDLE + 2; i++) {
            left.add(queue());
            right.add(queue());
            links.add(new CrossConnect(
                    "l" + i, left.get(i).port("a"), right.get(i).port("b")));
            duty.add(links.get(i));
        }
        cycle(200, () -> left.get(0).arrive(1)); // until it is known who is quiet
    }

    private FakeQueue queue() throws Exception {
        FakeQueue queue = new FakeQueue(Fd.owned(WorkerCalls.LIBC.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd"));
        open.add(queue::close);
        return queue;
    }

    @AfterEach
    void close() {
        open.close();
        epoll.close();
    }

    private void cycle(int times, Runnable before) {
        for (int i = 0; i < times; i++) {
            before.run();
            duty.run();
        }
    }

    private long pollsOfIdle() {
        return links.stream().skip(1).mapToInt(this::polls).sum();
    }

    private int polls(CrossConnect link) {
        int i = links.indexOf(link);
        return left.get(i).polls() + right.get(i).polls();
    }

    @Test
    void portsWithNothingToDoAreNotPolledBesideABusyOne() {
        long before = pollsOfIdle();
        cycle(10_000, () -> left.get(0).arrive(100));
        assertThat(pollsOfIdle()).isEqualTo(before);
        assertThat(right.get(0).flushed()).isGreaterThanOrEqualTo(1_000_000);
    }

    @Test
    void aPacketIsFoundSoonAndItsPortIsLeftAloneAgain() {
        for (int i = 1; i < 50; i++) {
            left.get(i).arrive(1);
            right.get(i).arrive(1);
            cycle(SOON, () -> left.get(0).arrive(100));
            assertThat(right.get(i).flushed()).isEqualTo(1);
            assertThat(left.get(i).flushed()).isEqualTo(1);
        }
        cycle(100, () -> left.get(0).arrive(100));
        long before = pollsOfIdle();
        cycle(1_000, () -> left.get(0).arrive(100));
        assertThat(pollsOfIdle()).isEqualTo(before);
    }

    @Test
    void aFloodStarvesNobody() {
        left.get(0).arrive(Integer.MAX_VALUE);
        left.get(1).arrive(1_000_000_000);
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            int i = 2 + random.nextInt(IDLE);
            int before = right.get(i).flushed();
            left.get(i).arrive(1);
            cycle(SOON, () -> {});
            assertThat(right.get(i).flushed()).isEqualTo(before + 1);
        }
        assertThat(right.get(0).flushed() - right.get(1).flushed()).isBetween(-3_000, 60_000); // one began earlier
    }

    /** Each packet that the kernel sends wakes who waits for the socket, a tenth of what it costs to forward it. */
    @Test
    void nobodyWaitsForTheSocketsOfAFloodedLinkEvenIfOneCanNotKeepUp() throws Exception {
        FakeQueue flooded = queue();
        FakeQueue slow = queue();
        try (Epoll set = new Epoll()) {
            DutyCycle cycle = new DutyCycle(set);
            cycle.add(new CrossConnect("flood", flooded.port("a"), slow.port("b")));
            assertThat(set.isEmpty()).isFalse();
            slow.pending(true);
            flooded.arrive(Integer.MAX_VALUE);
            for (int i = 0; i < 1_000; i++) {
                cycle.run();
            }
            assertThat(set.isEmpty()).isTrue();
            slow.pending(false);
            assertThat(cycle.rest()).isFalse();
            assertThat(set.isEmpty()).isFalse();
        }
    }

    @Test
    void whenAllAreBusyAllAreServedAlike() {
        int each = 300;
        for (FakeQueue queue : left) {
            queue.arrive(each * 256);
        }
        cycle(SOON, () -> {});
        int first = right.get(7).flushed();
        cycle(200, () -> {});
        for (int i = 1; i < right.size(); i++) {
            assertThat(right.get(i).flushed() - first).isBetween(195 * 256, 205 * 256);
        }
    }

    @Test
    void aLinkThatGoesWhileItIsBusyIsPolledNoMoreAndComesBackWithWhatHasWaited() {
        left.get(0).arrive(1_000_000);
        left.get(1).arrive(1_000_000);
        cycle(100, () -> {});
        duty.remove(links.get(0));
        int before = polls(links.get(0));
        int others = right.get(1).flushed();
        cycle(100, () -> {});
        assertThat(polls(links.get(0))).isEqualTo(before);
        assertThat(right.get(1).flushed()).isEqualTo(others + 100 * 256);
        duty.add(links.get(0));
        int flushed = right.get(0).flushed();
        cycle(10, () -> {});
        assertThat(right.get(0).flushed()).isEqualTo(flushed + 10 * 256);
    }

    @Test
    void linksComeAndGoAtAnyMomentAndNoPacketIsLost() {
        Random random = new Random(9);
        boolean[] linked = new boolean[links.size()];
        java.util.Arrays.fill(linked, true);
        int[] sent = new int[links.size()];
        for (int i = 0; i < links.size(); i++) {
            sent[i] = right.get(i).flushed();
        }
        for (int step = 0; step < 20_000; step++) {
            int i = random.nextInt(40);
            if (random.nextInt(3) == 0) {
                if (linked[i]) {
                    duty.remove(links.get(i));
                } else {
                    duty.add(links.get(i));
                }
                linked[i] = !linked[i];
            } else {
                int n = random.nextInt(300);
                left.get(i).arrive(n);
                sent[i] += n;
            }
            cycle(random.nextInt(3), () -> {});
        }
        for (int i = 0; i < links.size(); i++) {
            if (!linked[i]) {
                duty.add(links.get(i));
            }
        }
        cycle(2_000, () -> {});
        for (int i = 0; i < links.size(); i++) {
            assertThat(right.get(i).flushed()).isEqualTo(sent[i]);
        }
    }

    @Test
    void everybodyRestsWhoCanBeWokenAndIsWoken() {
        cycle(10, () -> {});
        assertThat(duty.rest()).isFalse();
        left.get(77).arrive(5);
        epoll.await(10_000);
        assertThat(duty.run()).isGreaterThanOrEqualTo(5);
        assertThat(right.get(77).flushed()).isEqualTo(5);
        right.get(3).room(0);
        left.get(3).arrive(1);
        epoll.await(10_000);
        duty.run();
        assertThat(right.get(3).flushed()).isZero();
        assertThat(duty.rest()).as("waiting for room that nobody announces").isFalse();
    }

    @Test
    void nothingIsAllocatedForWakingServingAndResting() {
        THREADS.getCurrentThreadAllocatedBytes(); // the first call of all allocates
        Random random = new Random(1);
        long allocated = -1;
        for (int round = 0; round < 5 && allocated != 0; round++) { // code is compiled, and given up, while it runs
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                left.get(random.nextInt(IDLE)).arrive(1);
                duty.run();
                if (i % 100 == 0) {
                    duty.untilDue();
                    duty.rest();
                }
            }
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).isZero();
    }
}
