package io.sluice.worker.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;
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

/** A tunnel header put before a frame, and one told to which tunnel it belongs and taken off. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {
    private static final int FRAME_AT = 256;
    private static final int FRAME = 60;
    private static final int VNI = 42;

    /** Which tunnel. */
    public enum Kind {
        /** VXLAN. */
        VXLAN,
        /** Geneve. */
        GENEVE,
        /** GRE with a key and counted packets. */
        GRE
    }

    /** The tunnel of this run. */
    @Param
    public Kind kind;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(2048).order(ByteOrder.nativeOrder());
    private Session session;
    private Protocol protocol;
    private int headerAt;
    private int length;

    /** A packet of the tunnel's own. */
    @Setup
    public void encapsulateOnce() {
        Encapsulation encapsulation = encapsulation();
        session = encapsulation.open();
        protocol = encapsulation.protocol();
        session.encapsulate(bytes, FRAME_AT, FRAME);
        headerAt = FRAME_AT - session.overhead();
        length = FRAME + session.overhead();
    }

    private Encapsulation encapsulation() {
        return switch (kind) {
            case VXLAN -> new Encapsulation.Vxlan(VNI);
            case GENEVE -> new Encapsulation.Geneve(VNI);
            case GRE ->
                new Encapsulation.Gre(
                        OptionalInt.of(VNI), OptionalInt.of(VNI), Counting.COUNTED, 0, false, Optional.empty());
        };
    }

    /** Puts a header before a frame. */
    @Benchmark
    public ByteBuffer encapsulate() {
        session.encapsulate(bytes, FRAME_AT, FRAME);
        return bytes;
    }

    /** Reads whose packet it is. */
    @Benchmark
    public long key() {
        return protocol.key(bytes, headerAt, length);
    }

    /** Checks the rest of the header. */
    @Benchmark
    public int strip() {
        return session.strip(bytes, headerAt, length);
    }
}
