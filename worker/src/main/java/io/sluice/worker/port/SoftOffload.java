package io.sluice.worker.port;

import io.sluice.worker.codec.Checksum;
import io.sluice.worker.memory.FramePool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a device would do to a packet with a vnet header, for ports that take plain frames only (virtio 1.2, 5.1.6.2).
 *
 * <pre>
 *  virtio_net_hdr, little-endian on the hosts we support, directly before the frame:
 *  0 flags  1 gso_type  2 hdr_len u16  4 gso_size u16  6 csum_start u16  8 csum_offset u16
 * </pre>
 */
public final class SoftOffload {
    private static final int NEEDS_CSUM = 1;
    private static final int FLAGS = -10;
    private static final int GSO_TYPE = -9;
    private static final int CSUM_START = -4;
    private static final int CSUM_OFFSET = -2;

    /** Takes plain packets, and with them their frames. */
    public interface Sink {
        void accept(int offset, int length);
    }

    private final FramePool pool;
    private final Counters counters;
    private final Sink sink;
    private final Segmenter segmenter;

    /** @param sink where the plain packets go */
    public SoftOffload(FramePool pool, Counters counters, Sink sink) {
        this.pool = pool;
        this.counters = counters;
        this.sink = sink;
        this.segmenter = new Segmenter(pool);
    }

    /** Whether the packet at {@code offset}, which has a vnet header, is a superframe. */
    public static boolean isSuperframe(FramePool pool, int offset) {
        return pool.bytes().get(offset + GSO_TYPE) != 0;
    }

    /** gso_type of the vnet header before {@code offset}. */
    static int gsoType(FramePool pool, int offset) {
        return pool.bytes().get(offset + GSO_TYPE) & 0xff;
    }

    /** flags of the vnet header before {@code offset}. */
    static int flags(FramePool pool, int offset) {
        return pool.bytes().get(offset + FLAGS);
    }

    /** Clears some of these flags. */
    static void clear(FramePool pool, int offset, int bits) {
        pool.bytes().put(offset + FLAGS, (byte) (flags(pool, offset) & ~bits));
    }

    /** Turns the packet at {@code offset}, which has a vnet header, into one or more plain ones, or drops it. */
    public void send(int offset, int length) {
        if (isSuperframe(pool, offset)) {
            segment(offset, length);
        } else if (complete(pool, offset, length)) {
            sink.accept(offset, length);
        } else {
            counters.add(PortCounter.TX_DROP_MALFORMED, 1);
            pool.give(offset);
        }
    }

    private void segment(int offset, int length) {
        int segments = segmenter.start(offset, length);
        if (segments == 0) {
            counters.add(PortCounter.TX_DROP_SUPERFRAME, 1);
        } else {
            counters.add(PortCounter.TX_SEGMENTED, segments - 1);
        }
        for (int i = 0; i < segments; i++) {
            int frame = pool.take();
            if (frame == FramePool.NONE) {
                counters.add(PortCounter.TX_DROP_NO_FRAME, segments - i);
                break;
            }
            sink.accept(frame + FramePool.HEADROOM, segmenter.next(frame));
        }
        pool.give(offset);
    }

    /**
     * Fills in the checksum that the packet at {@code offset}, no superframe, asks for.
     *
     * @return false if its header points outside it; it is unchanged then
     */
    static boolean complete(FramePool pool, int offset, int length) {
        ByteBuffer bytes = pool.bytes();
        if ((bytes.get(offset + FLAGS) & NEEDS_CSUM) == 0) {
            return true;
        }
        int start = bytes.getShort(offset + CSUM_START) & 0xffff;
        int field = start + (bytes.getShort(offset + CSUM_OFFSET) & 0xffff);
        if (start >= length || field + 2 > length) {
            return false;
        }
        // The field already holds the pseudo-header's sum, so summing over it gives the whole. A result of 0 means "no
        // checksum" to UDP, and ffff is the same number to everybody.
        int sum = ~Checksum.fold(Checksum.sum(bytes, offset + start, length - start)) & 0xffff;
        short value = (short) (sum == 0 ? 0xffff : sum);
        bytes.putShort(offset + field, bytes.order() == ByteOrder.BIG_ENDIAN ? value : Short.reverseBytes(value));
        bytes.put(offset + FLAGS, (byte) 0);
        return true;
    }
}
