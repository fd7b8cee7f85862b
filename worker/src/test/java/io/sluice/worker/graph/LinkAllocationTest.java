package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.lab.FakeQueue;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.Tuning;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A link allocates nothing, however its ports are tuned. */
@Timeout(60)
class LinkAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CYCLES = 20_000;

    private final FakeQueue source = new FakeQueue(null);
    private final FakeQueue sink = new FakeQueue(null);
    private final Vector vector = new Vector();

    @ParameterizedTest
    @CsvSource({"0, 0, ''", "1, 0, ''", "1000, 16, tso", "0, 0, rx", "0, 0, tx"})
    void nothingIsAllocatedForPacketsThatPass(int usecs, int frames, String switchedOff) throws Exception {
        THREADS.getCurrentThreadAllocatedBytes(); // the first call of all allocates
        try (FramePool pool = Pools.of(2048, 2, 1)) {
            Port to = sink.port("to");
            Port from = source.port("from");
            int off = Offload.named(switchedOff).stream().mapToInt(Offload::bit).sum();
            to.dials().turn(new Tuning(256, usecs, frames, off), pool);
            from.dials().turn(new Tuning(256, 0, 0, off), pool);
            CrossConnect link = new CrossConnect("l", from, to);
            run(link);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            run(link);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isZero();
            link.settle();
            assertThat(sink.flushed()).isEqualTo(2 * 3 * CYCLES);
        }
    }

    private void run(CrossConnect link) {
        for (int i = 0; i < CYCLES; i++) {
            source.arrive(3);
            link.run(vector);
            link.untilDue();
        }
    }
}
