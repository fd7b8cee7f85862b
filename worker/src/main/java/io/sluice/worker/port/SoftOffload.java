package io.sluice.worker.port;

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

    private SoftOffload() {}

    /** Whether the packet at {@code offset} is a superframe. */
    public static boolean isSuperframe(FramePool pool, int offset) {
        return pool.bytes().get(offset + GSO_TYPE) != 0;
    }

    /**
     * Fills in the checksum that the packet at {@code offset} asks for.
     *
     * @return false if the packet is a superframe or its header points outside it; it is unchanged then
     */
    public static boolean complete(FramePool pool, int offset, int length) {
        ByteBuffer bytes = pool.bytes();
        if (bytes.get(offset + GSO_TYPE) != 0) {
            return false;
        }
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
