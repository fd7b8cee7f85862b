package io.sluice.worker.port.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any stream in any pieces, taken a few frames at a time from a pool that may be empty for a while: the frames are those of
 * the whole stream, every other one is counted, and no frame of the pool is lost.
 *
 * <pre>
 *  input: u8 large frames (bit 0), most packets at a time - 1 (1, 2), frames that the pool lacks (3, 4)
 *         u8 pieces | u16 length of each | u16 bytes to append to the stream | stream
 * </pre>
 */
class StreamFuzzTest {
    private static final int FRAMES = 4;
    private static final int MOST_PIECES = 16;

    private static FramePool pool;

    private final List<byte[]> expected = new ArrayList<>();
    private long malformed;
    private long truncated;
    private long cut;

    @BeforeAll
    static void makePool() throws SyscallException {
        pool = Pools.of(FRAMES, FRAMES);
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @FuzzTest
    void aStreamIsItsFramesHoweverItIsCut(byte[] bytes) {
        Input input = new Input(bytes);
        int control = input.u8();
        boolean large = (control & 1) != 0;
        int most = 1 + (control >>> 1 & 3);
        int[] pieces = new int[input.u8() % MOST_PIECES];
        Arrays.setAll(pieces, i -> input.u16());
        int more = input.u16();
        byte[] start = input.rest();
        byte[] stream = Arrays.copyOf(start, start.length + more);
        expect(stream, (large ? FramePool.LARGE_FRAME : 2048) - FramePool.HEADROOM);

        Counters counters = new Counters();
        FrameParser parser = new FrameParser(pool, counters, large);
        ByteBuffer memory = Native.allocate(Math.max(stream.length, 1)).put(0, stream);
        List<byte[]> frames = new ArrayList<>();
        int from = 0;
        for (int piece : pieces) {
            int to = Math.min(stream.length, from + piece);
            from = feed(parser, memory, from, to, most, control >>> 3 & 3, large, frames);
        }
        feed(parser, memory, from, stream.length, most, 0, large, frames);
        assertThat(parser.broken()).isEqualTo(broken);
        parser.reset();

        assertThat(frames).containsExactlyElementsOf(expected);
        assertThat(counters.get(PortCounter.RX_DROP_MALFORMED)).isEqualTo(malformed);
        assertThat(counters.get(PortCounter.RX_DROP_TRUNCATED)).isEqualTo(truncated);
        assertThat(counters.get(PortCounter.RX_DROP_CUT)).isEqualTo(cut);
        assertThat(counters.received()).isEqualTo(frames.size() + counters.dropped());
        assertThat(pool.freeFrames()).isEqualTo(2 * FRAMES);
    }

    private boolean broken;

    /** The stream, read as a whole. */
    private void expect(byte[] stream, int room) {
        expected.clear();
        malformed = 0;
        truncated = 0;
        cut = 0;
        broken = false;
        long at = 0;
        while (at + 4 <= stream.length && !broken) {
            int length = ByteBuffer.wrap(stream).getInt((int) at);
            at += 4;
            if (length < 0 || length > 69_632) {
                cut++;
                broken = true;
            } else if (length < 14) {
                malformed++;
            } else if (length > room) {
                truncated++;
            } else if (at + length > stream.length) {
                cut++;
            } else {
                expected.add(Arrays.copyOfRange(stream, (int) at, (int) at + length));
            }
            at += length;
        }
    }

    /** Feeds a piece; first with a pool that lacks frames, which may take only a part of it. */
    private static int feed(
            FrameParser parser,
            ByteBuffer memory,
            int from,
            int to,
            int most,
            int lacking,
            boolean large,
            List<byte[]> frames) {
        int[] taken = new int[lacking];
        Arrays.setAll(taken, i -> large ? pool.takeLarge() : pool.take());
        int at = from;
        Vector vector = new Vector();
        do {
            at = parser.feed(memory, at, to, vector, most);
            assertThat(at).isBetween(from, to);
            assertThat(vector.count).isLessThanOrEqualTo(most);
            for (int i = 0; i < vector.count; i++) {
                frames.add(Pools.copy(pool.bytes(), vector.offset[i], vector.length[i]));
            }
            pool.giveAll(vector);
        } while (at < to && !parser.broken() && !parser.starved());
        for (int frame : taken) {
            if (frame != FramePool.NONE) {
                pool.give(frame);
            }
        }
        return at;
    }
}
