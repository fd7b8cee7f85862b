package io.sluice.worker.port.xdp;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.SharedMemory;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
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

/**
 * A batch of entries through a ring of an AF_XDP socket, produced and consumed by one thread: our part of the cost of a packet
 * in a ring, without the cache line's way from the kernel's CPU. The time is that of one entry.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RingBenchmark {
    private static final int BATCH = 64;
    private static final int SIZE = 2048;
    private static final int BYTES = 1 << 16;
    private static final Ring.Offsets OFFSETS = new Ring.Offsets(0, 128, 320, 196);

    private Ring producer;
    private Ring consumer;

    /** Two views of the same ring. */
    @Setup
    public void map() throws SyscallException {
        Mapping memory = SharedMemory.map(BYTES);
        producer = new Ring(memory, OFFSETS, SIZE, true);
        consumer = new Ring(memory, OFFSETS, SIZE, false);
    }

    /** The consumer's mapping is the producer's. */
    @TearDown
    public void unmap() {
        producer.close();
    }

    /** Descriptors of 16 bytes, as in rx and tx rings. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long descriptors() {
        int room = Math.min(producer.free(BATCH), BATCH);
        ByteBuffer bytes = producer.bytes;
        for (int i = 0; i < room; i++) {
            int at = producer.at16(producer.own++);
            bytes.putLong(at, (long) i << 11);
            bytes.putInt(at + 8, 60);
        }
        producer.publish();
        long sum = 0;
        int there = Math.min(consumer.available(BATCH), BATCH);
        for (int i = 0; i < there; i++) {
            int at = consumer.at16(consumer.own++);
            sum += bytes.getLong(at) + bytes.getInt(at + 8);
        }
        consumer.consumed();
        return sum;
    }
}
