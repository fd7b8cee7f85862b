package io.sluice.worker.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The Internet checksum of headers, frames and superframes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ChecksumBenchmark {
    /** Bytes: an IPv4 header, a short and a full frame, a superframe. */
    @Param({"20", "64", "1500", "65000"})
    public int length;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 16).order(ByteOrder.nativeOrder());

    /** Random bytes, the same each time. */
    @Setup
    public void fill() {
        byte[] random = new byte[bytes.capacity()];
        new Random(1).nextBytes(random);
        bytes.put(0, random);
    }

    /** Sums from an offset that a frame's IP header has, which is even and no more. */
    @Benchmark
    public int sum() {
        return Checksum.fold(Checksum.sum(bytes, 14, length));
    }
}
