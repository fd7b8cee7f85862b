package io.sluice.worker.port.stream;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;

/**
 * Cuts a stream into frames, wherever the pieces begin and end: each byte goes to its place in the pool as it comes.
 *
 * <pre>
 *  LENGTH  4 bytes, big-endian       -> BODY, SKIP (too short, or longer than a frame of the pool), or BROKEN
 *  BODY    a frame is being filled   -> LENGTH
 *  SKIP    bytes that are dropped    -> LENGTH
 *  BROKEN  a length that no peer sends: where the next frame begins nobody knows any more
 * </pre>
 */
final class FrameParser {
    /** Longest frame that QEMU sends or takes (NET_BUFSIZE). */
    static final int LONGEST = 69_632;

    private static final int PREFIX = 4;

    private enum State {
        LENGTH,
        BODY,
        SKIP,
        BROKEN
    }

    private final FramePool pool;
    private final Counters counters;
    private final boolean large;
    private final int room;

    private State state = State.LENGTH;
    private int length;

    /** Bytes of the length, or of the frame, that have come. */
    private int done;

    private int offset;
    private boolean starved;

    /** @param large whether frames are to be taken from the pool's large ones */
    FrameParser(FramePool pool, Counters counters, boolean large) {
        this.pool = pool;
        this.counters = counters;
        this.large = large;
        this.room = (large ? FramePool.LARGE_FRAME : pool.frameSize()) - FramePool.HEADROOM;
    }

    /**
     * Takes bytes until they end, the vector has {@code most} packets, the pool has no frame, or the stream is broken.
     *
     * @return the first byte that was not taken
     */
    int feed(ByteBuffer bytes, int from, int to, Vector vector, int most) {
        int at = from;
        starved = false;
        while (at < to && !starved && state != State.BROKEN && vector.count < most) {
            at = switch (state) {
                case LENGTH -> length(bytes, at);
                case BODY -> body(bytes, at, to, vector);
                case SKIP -> skip(at, to);
                case BROKEN -> at;
            };
        }
        return at;
    }

    /** A byte of the length. The last is only taken when there is a frame for what follows. */
    private int length(ByteBuffer bytes, int at) {
        int value = length << 8 | (bytes.get(at) & 0xff);
        if (done + 1 == PREFIX) {
            return begin(value) ? at + 1 : at;
        }
        length = value;
        done++;
        return at + 1;
    }

    /** @return false if the pool has no frame now */
    private boolean begin(int value) {
        if (value < 0 || value > LONGEST) {
            count(PortCounter.RX_DROP_CUT, 0);
            state = State.BROKEN;
        } else if (value < FrameLimits.ETHERNET_HEADER) {
            count(PortCounter.RX_DROP_MALFORMED, value);
            state = value == 0 ? State.LENGTH : State.SKIP;
        } else if (value > room) {
            count(PortCounter.RX_DROP_TRUNCATED, value);
            state = State.SKIP;
        } else {
            int frame = large ? pool.takeLarge() : pool.take();
            if (frame == FramePool.NONE) {
                starved = true;
                return false;
            }
            offset = frame + FramePool.HEADROOM;
            state = State.BODY;
        }
        length = value; // 0 where the next length begins
        done = 0;
        return true;
    }

    private int body(ByteBuffer bytes, int at, int to, Vector vector) {
        int n = Math.min(length - done, to - at);
        pool.bytes().put(offset + done, bytes, at, n);
        done += n;
        if (done == length) {
            vector.add(offset, length, 0);
            counters.add(PortCounter.RX_PACKETS, 1);
            counters.add(PortCounter.RX_BYTES, length);
            next();
        }
        return at + n;
    }

    private int skip(int at, int to) {
        int n = Math.min(length - done, to - at);
        done += n;
        if (done == length) {
            next();
        }
        return at + n;
    }

    private void next() {
        state = State.LENGTH;
        length = 0;
        done = 0;
    }

    private void count(PortCounter drop, int bytes) {
        counters.add(PortCounter.RX_PACKETS, 1);
        counters.add(PortCounter.RX_BYTES, bytes);
        counters.add(drop, 1);
    }

    /** Whether the last {@link #feed} ended because the pool had no frame. */
    boolean starved() {
        return starved;
    }

    /** Whether the stream can't be read any further. */
    boolean broken() {
        return state == State.BROKEN;
    }

    /** The stream has ended; the next one begins at a length. A frame that is not whole is dropped and counted. */
    void reset() {
        if (state == State.BODY) {
            count(PortCounter.RX_DROP_CUT, done);
            pool.give(offset);
        }
        starved = false;
        next();
    }
}
