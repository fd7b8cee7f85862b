package io.sluice.worker.port.xdp;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;

/**
 * Received packets that the kernel has spread over several chunks, all but the last marked XDP_PKT_CONTD. Everywhere else a
 * packet is one piece, so they are copied together into a large frame. A packet may end in another poll than it began in.
 */
final class Joiner {
    private static final int CAPACITY = FramePool.LARGE_FRAME - FramePool.HEADROOM;

    private final FramePool pool;
    private final Counters counters;
    private boolean begun;

    /** The large frame of the packet that has begun, or {@link FramePool#NONE} if the packet is lost. */
    private int frame = FramePool.NONE;

    /** Bytes that have come, those of a lost packet included. */
    private int length;

    Joiner(FramePool pool, Counters counters) {
        this.pool = pool;
        this.counters = counters;
    }

    /** Whether a packet has begun and not ended. */
    boolean hasBegun() {
        return begun;
    }

    /**
     * Takes over a chunk of a packet.
     *
     * @param vector gets the packet with its last chunk
     * @param bytes of the packet that are in the chunk
     */
    void add(Vector vector, int offset, int bytes, boolean last) {
        if (!begun) {
            begun = true;
            length = 0;
            frame = pool.takeLarge();
        }
        if (frame != FramePool.NONE && length + bytes <= CAPACITY) {
            ByteBuffer memory = pool.bytes();
            memory.put(frame + FramePool.HEADROOM + length, memory, offset, bytes);
        }
        length += bytes;
        pool.give(offset);
        if (last) {
            end(vector);
        }
    }

    private void end(Vector vector) {
        begun = false;
        if (frame == FramePool.NONE) {
            counters.add(PortCounter.RX_DROP_NO_FRAME, 1);
        } else if (length > CAPACITY) {
            counters.add(PortCounter.RX_DROP_TRUNCATED, 1);
            pool.give(frame);
        } else {
            vector.add(frame + FramePool.HEADROOM, length, 0);
        }
        frame = FramePool.NONE;
    }

    /** Nothing more comes: gives back the frame of a packet without an end, which the kernel has not counted as received. */
    void close() {
        if (frame != FramePool.NONE) {
            pool.give(frame);
            frame = FramePool.NONE;
        }
        begun = false;
    }
}
