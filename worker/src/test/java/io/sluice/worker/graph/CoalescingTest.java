package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.FakeQueue;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.Tuning;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Packets that wait for others, by a clock that the test turns. */
class CoalescingTest {
    private static final int USECS = 50;
    private static final long HOLD_NS = 50_000;

    private final FakeQueue source = new FakeQueue(null);
    private final FakeQueue sink = new FakeQueue(null);
    private final Port from = source.port("from");
    private final Port to = sink.port("to");
    private final Vector vector = new Vector();
    private final CrossConnect link = new CrossConnect("l", from, to, this::now);
    private FramePool pool;
    private long now = Long.MAX_VALUE - 7; // nanoTime may wrap
    private int looks;

    private long now() {
        looks++;
        return now;
    }

    @BeforeEach
    void makePool() throws Exception {
        pool = Pools.of(2048, 2, 1);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    private void tune(int depth, int usecs, int frames) {
        to.dials().turn(new Tuning(depth, usecs, frames, 0), pool);
    }

    private void arrive(int packets) {
        source.arrive(packets);
        link.run(vector);
    }

    @Test
    void withoutADeadlineEveryPacketGoesAtOnceAndNobodyLooksAtTheClock() {
        for (int i = 1; i <= 10; i++) {
            arrive(1);
            assertThat(sink.flushed()).isEqualTo(i);
            assertThat(link.untilDue()).isEqualTo(Long.MAX_VALUE);
        }
        assertThat(looks).isZero();
        assertThat(to.counters().deadlines()).isZero();
    }

    @Test
    void packetsWaitUntilTheFirstOnesTimeIsOver() {
        tune(256, USECS, 0);
        arrive(1);
        assertThat(link.untilDue()).isEqualTo(HOLD_NS);
        now += HOLD_NS - 1;
        arrive(2);
        assertThat(sink.flushed()).isZero();
        assertThat(link.untilDue()).isEqualTo(1);
        now += 1;
        arrive(0);
        assertThat(sink.flushed()).isEqualTo(3);
        assertThat(sink.flushes()).isEqualTo(1);
        assertThat(to.counters().deadlines()).isEqualTo(1);
        assertThat(link.untilDue()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theNextPacketsHaveATimeOfTheirOwn() {
        tune(256, USECS, 0);
        arrive(1);
        now += HOLD_NS;
        arrive(0);
        now += 10 * HOLD_NS;
        arrive(1);
        assertThat(sink.flushed()).isEqualTo(1);
        assertThat(link.untilDue()).isEqualTo(HOLD_NS);
    }

    @Test
    void enoughPacketsGoAtOnce() {
        tune(256, USECS, 4);
        arrive(3);
        assertThat(sink.flushed()).isZero();
        arrive(2);
        assertThat(sink.flushed()).isEqualTo(5);
        assertThat(to.counters().deadlines()).isZero();
        assertThat(to.counters().txMax()).isEqualTo(5);
    }

    @Test
    void enoughIsTheDepthUnlessItIsSaid() {
        tune(32, USECS, 0);
        arrive(31);
        assertThat(sink.flushed()).isZero();
        arrive(1);
        assertThat(sink.flushed()).isEqualTo(32);
    }

    @Test
    void aFullQueueWaitsForNothing() {
        tune(256, USECS, 0);
        sink.room(8);
        arrive(20);
        assertThat(sink.flushed()).isZero();
        link.run(vector); // finds no room and says so
        assertThat(sink.flushed()).isEqualTo(8);
        assertThat(to.counters().deadlines()).isZero();
    }

    @Test
    void switchedOffItHoldsNothingBack() {
        tune(256, USECS, 0);
        arrive(1);
        tune(256, 0, 0);
        arrive(0);
        assertThat(sink.flushed()).isEqualTo(1);
    }

    @Test
    void theOtherDirectionDoesNotWait() {
        tune(256, USECS, 0);
        sink.arrive(1);
        link.run(vector);
        assertThat(source.flushed()).isEqualTo(1);
    }

    @Test
    void aLinkThatGoesLeavesNothingWaiting() {
        tune(256, USECS, 0);
        arrive(3);
        link.settle();
        assertThat(sink.flushed()).isEqualTo(3);
    }

    @Test
    void theDepthIsWhatItIsNow() {
        from.dials().turn(Tuning.of(7), pool);
        arrive(20);
        assertThat(sink.flushed()).isEqualTo(7);
        from.dials().turn(Tuning.of(256), pool);
        arrive(0);
        assertThat(sink.flushed()).isEqualTo(20);
        assertThat(from.counters().rxMax()).isEqualTo(13);
        assertThat(from.counters().rxAverage()).isEqualTo((3 + 13) / 2); // 7 / 2 is 3
        assertThat(to.counters().txMax()).isEqualTo(13);
        assertThat(to.counters().txAverage()).isEqualTo(8);
    }
}
