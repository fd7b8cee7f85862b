package io.sluice.worker.port.packet;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.FrameLimits;
import java.nio.ByteBuffer;

/**
 * Puts back the VLAN tags that AF_PACKET strips into auxiliary data: the two MAC addresses (and the vnet header before
 * them) move four bytes down into the headroom, so the payload stays where it is.
 *
 * <p>struct tpacket_auxdata: status u32 0, len 4, snaplen 8, mac u16 12, net 14, vlan_tci 16, vlan_tpid 18.
 */
final class VlanTags {
    private static final int VLAN_VALID = 0x10;
    private static final int TPID_VALID = 0x40;

    /** 802.1Q, if the kernel does not say which tag it was. */
    private static final int DEFAULT_TPID = 0x8100;

    private static final int NEEDS_CSUM = 1;

    private final FramePool pool;
    private final Messages messages;
    private final int vnet;

    VlanTags(FramePool pool, Messages messages, int vnet) {
        this.pool = pool;
        this.messages = messages;
        this.vnet = vnet;
    }

    /** Restores the tag of message {@code i} at {@code offset}; returns the bytes that the frame grew by: 4 or 0. */
    int restore(int i, int offset) {
        return restore(
                pool.bytes(),
                offset,
                vnet,
                messages.auxInt(i, 0),
                messages.auxShort(i, 18) & 0xffff,
                messages.auxShort(i, 16) & 0xffff);
    }

    /**
     * Restores a tag that the kernel may have taken out of the frame at {@code offset}; returns the bytes that it grew by.
     *
     * @param status of auxiliary data or of a ring's slot: whether there is a tag, and its TPID
     */
    static int restore(ByteBuffer bytes, int offset, int vnet, int status, int tpid, int tci) {
        if ((status & VLAN_VALID) == 0) {
            return 0;
        }
        insert(bytes, offset, vnet, (status & TPID_VALID) != 0 ? tpid : DEFAULT_TPID, tci);
        if (vnet > 0) {
            moveChecksum(bytes, offset - FrameLimits.VLAN_TAG);
        }
        return FrameLimits.VLAN_TAG;
    }

    /** Puts a tag into the frame at {@code offset}, which then begins four bytes earlier, as do {@code vnet} bytes before. */
    private static void insert(ByteBuffer bytes, int offset, int vnet, int tpid, int tci) {
        for (int at = offset - vnet; at < offset + 12; at += 2) {
            bytes.putShort(at - FrameLimits.VLAN_TAG, bytes.getShort(at));
        }
        int tag = offset + 12 - FrameLimits.VLAN_TAG;
        bytes.put(tag, (byte) (tpid >>> 8)).put(tag + 1, (byte) tpid);
        bytes.put(tag + 2, (byte) (tci >>> 8)).put(tag + 3, (byte) tci);
    }

    /** hdr_len and csum_start count from the start of the frame, which is four bytes longer now. */
    private static void moveChecksum(ByteBuffer bytes, int frame) {
        if ((bytes.get(frame - 10) & NEEDS_CSUM) != 0) {
            bytes.putShort(frame - 4, (short) (bytes.getShort(frame - 4) + FrameLimits.VLAN_TAG));
        }
        int headerLength = bytes.getShort(frame - 8);
        if (headerLength != 0) {
            bytes.putShort(frame - 8, (short) (headerLength + FrameLimits.VLAN_TAG));
        }
    }
}
