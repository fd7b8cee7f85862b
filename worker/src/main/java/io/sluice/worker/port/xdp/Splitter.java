package io.sluice.worker.port.xdp;

import io.sluice.worker.memory.FramePool;

/**
 * Packets longer than a chunk on their way out: a descriptor for each chunk that the packet lies in, all but the last marked
 * XDP_PKT_CONTD. A large frame is a row of chunks of the UMEM, so nothing is copied here. Each descriptor completes by itself;
 * the frame is free again after all of its own.
 */
final class Splitter {
    /** Descriptors of a packet at most: the kernel puts the first in the head of an skb, the others in MAX_SKB_FRAGS, 17 or more. */
    static final int MOST = 18;

    /** XDP_PKT_CONTD, in the options of a descriptor. */
    static final int CONTINUED = 1;

    private final FramePool pool;
    private final int chunk;

    Splitter(FramePool pool) {
        this.pool = pool;
        this.chunk = pool.frameSize();
    }

    /** Longest packet that {@link #MOST} descriptors hold, if it begins where packets begin in their frames. */
    int longest() {
        return Math.min(MOST * chunk, FramePool.LARGE_FRAME) - FramePool.HEADROOM;
    }

    /** How many descriptors a packet takes. */
    int parts(int offset, int length) {
        return ((offset & (chunk - 1)) + length + chunk - 1) / chunk;
    }

    /**
     * Writes the descriptors of a packet from ring index {@code index} on, and notes how many there are.
     *
     * @param completion where they come back
     */
    void write(Ring tx, int index, int offset, int length, int parts, Ring completion) {
        int from = offset;
        int left = length;
        for (int i = 0; i < parts; i++) {
            int bytes = Math.min(left, chunk - (from & (chunk - 1)));
            int at = tx.at16(index + i);
            tx.bytes.putLong(at, from);
            tx.bytes.putInt(at + 8, bytes);
            tx.bytes.putInt(at + 12, i + 1 < parts ? CONTINUED : 0);
            from += bytes;
            left -= bytes;
        }
        if (pool.isLarge(offset)) {
            pool.split(offset, parts, completion.own - 1);
        }
    }

    /**
     * Told of each descriptor that has completed, by its index: whether the frame around {@code offset} is free now.
     */
    boolean isFree(int offset, int index) {
        return !pool.isLarge(offset) || pool.completed(offset, index) == 0;
    }
}
