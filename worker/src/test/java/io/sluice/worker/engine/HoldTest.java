package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.FakeQueue;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.sys.WorkerCalls;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packets that wait for others, in a thread that would rather sleep. */
@Timeout(60)
class HoldTest {
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    private FakeQueue source;
    private FakeQueue sink;
    private Port to;
    private DataPath dataPath;

    @BeforeEach
    void linkTwoQueues() throws Exception {
        source = new FakeQueue(silent());
        sink = new FakeQueue(silent());
        to = sink.port("to");
        dataPath = new DataPath(Pools.of(2048, 2, 1), IdleStrategy.ADAPTIVE, cause -> {});
        dataPath.start();
        CrossConnect link = new CrossConnect("l", source.port("from"), to);
        run(() -> dataPath.addLink(link));
    }

    private static Fd silent() throws Exception {
        return Fd.owned(WorkerCalls.LIBC.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd");
    }

    @AfterEach
    void end() {
        dataPath.close();
        source.close();
        sink.close();
    }

    private void run(Runnable task) {
        dataPath.call(() -> {
            task.run();
            return null;
        });
    }

    @ParameterizedTest
    @CsvSource({"200", "1500", "20000"})
    void aPacketLeavesWhenItsTimeIsOverAndNotBeforeThoughNothingElseHappens(int usecs) {
        run(() -> to.dials().turn(new Tuning(256, usecs, 0, 0), dataPath.pool()));
        long before = System.nanoTime();
        source.arrive(1);
        while (sink.flushed() == 0) {
            assertThat(System.nanoTime() - before).as("time in vain").isLessThan(PATIENCE_NS);
            LockSupport.parkNanos(100_000);
        }
        assertThat(sink.flushedNs() - before).isGreaterThanOrEqualTo(TimeUnit.MICROSECONDS.toNanos(usecs));
        assertThat(run(() -> to.counters().deadlines())).isEqualTo(1);
    }

    private long run(java.util.function.LongSupplier question) {
        return dataPath.call(question::getAsLong);
    }
}
