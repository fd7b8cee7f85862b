package io.sluice.worker.memory;

import io.sluice.grant.sys.SyscallException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A vector of frames taken from the pool and given back: what a packet costs that goes through one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PoolBenchmark {
    private static final int FRAMES = 4096;
    private static final int FRAME_SIZE = 2048;

    private final Vector vector = new Vector();
    private FramePool pool;

    /** A pool of 8 MiB. */
    @Setup
    public void make() throws SyscallException {
        pool = new FramePool(SharedMemory.map((int) FramePool.sizeOf(FRAME_SIZE, FRAMES, 0)), FRAME_SIZE, FRAMES, 0);
    }

    /** Unmaps it. */
    @TearDown
    public void close() {
        pool.close();
    }

    /** Takes, fills a vector, gives all back; the time is that of one frame. */
    @Benchmark
    @OperationsPerInvocation(Vector.CAPACITY)
    public int takeAndGive() {
        for (int i = 0; i < Vector.CAPACITY; i++) {
            vector.add(pool.take() + FramePool.HEADROOM, 60, 0);
        }
        pool.giveAll(vector);
        return vector.count;
    }
}
