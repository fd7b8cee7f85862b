package io.sluice.worker.port.packet;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The TPACKET_V2 receive ring of a packet socket (Documentation/networking/packet_mmap.rst): frames are read without a system
 * call. The kernel fills the slots in order; one belongs to whom its status says, which is read with acquire and written with
 * release.
 *
 * <pre>
 *  slot: status u32 0 | len 4 | snaplen 8 | mac u16 12 | ... | vlan_tci u16 24 | vlan_tpid u16 26     (tpacket2_hdr, 32)
 *        sockaddr_ll 32 | unused 52 | our mark u64 56
 *        the frame is at slot + mac, 66 or more, its virtio_net_hdr, if the socket has them, in the 10 bytes before
 * </pre>
 *
 * A frame that is longer than a slot has its beginning there and is, by PACKET_COPY_THRESH, also in the socket's receive
 * queue, whole. The kernel gives a slot and a place in the queue under one lock (tpacket_rcv), so the slots marked
 * {@link #COPY} are in the order of the queue. Without room in the socket's buffer there is no copy, and no mark.
 *
 * <p>Whoever maps a ring that somebody had who was killed finds out which slot is next. A slot that is given back is
 * marked, in bytes that the kernel leaves alone (tpacket_rcv), with a number that grows: so the highest is that of the
 * last one. Its length was struck out before, and is there again if the kernel has filled it since: that tells a slot
 * that was not given back in the end from one that has been filled anew. Of frames that are messages, superframes, the
 * dead process may have received some and not given their slots back; then the next ones come sooner than small frames
 * between them, once.
 */
final class ReceiveRing {
    private static final VarHandle STATUS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle MARK = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int MARK_AT = 56;
    private static final int LENGTH_AT = 4;

    /** In place of the length. */
    private static final int TAKEN = -1;

    private static final int KERNEL = 0;
    private static final int USER = 1;

    /** TP_STATUS_COPY: the frame is in the socket's receive queue. */
    static final int COPY = 2;

    private final Mapping mapping;
    private final ByteBuffer bytes;
    private final int slotSize;
    private final int mask;

    /** Counts from the ring's beginning. */
    private long next;

    /**
     * @param slotSize bytes of a slot
     * @param slots how many, a power of two
     * @throws IllegalStateException somebody else has marked the slots
     */
    ReceiveRing(Fd socket, int slotSize, int slots) throws SyscallException {
        this.mapping = Mapping.of(socket, 0, slotSize * slots, "packet ring");
        this.bytes = mapping.bytes();
        this.slotSize = slotSize;
        this.mask = slots - 1;
        findPlace();
    }

    private void findPlace() {
        long last = 0; // of the slots that were given back, counted from 1
        for (int slot = 0; slot <= mask; slot++) {
            long mark = (long) MARK.get(bytes, slot * slotSize + MARK_AT);
            if (mark != 0 && ((mark - 1) & mask) != slot) {
                mapping.close();
                throw new IllegalStateException("slot " + slot + " of a packet ring has the mark " + mark);
            }
            last = Math.max(last, mark);
        }
        next = Math.max(0, last - 1);
        if (isTaken()) {
            release(1); // it has its mark already
        }
        next = last;
        if (isTaken()) {
            release(1);
        }
    }

    private boolean isTaken() {
        return status() != KERNEL && length() == TAKEN;
    }

    /** How many slots there are. */
    int slots() {
        return mask + 1;
    }

    /** The status of the next slot; 0 while it is the kernel's. */
    int status() {
        return status(0);
    }

    private int status(int ahead) {
        int status = (int) STATUS.getAcquire(bytes, at(ahead));
        return (status & USER) == 0 ? KERNEL : status;
    }

    /** How many of the next slots in a row, at most {@code most}, have their frames in the socket's receive queue. */
    int copied(int most) {
        int n = 0;
        while (n < most && (status(n) & COPY) != 0) {
            n++;
        }
        return n;
    }

    /**
     * Where the frame of the next slot begins in {@link #bytes}; -1 if it or the {@code vnet} bytes before it are not all in
     * the slot.
     */
    int frame(int vnet) {
        int from = bytes.getShort(at() + 12) & 0xffff;
        int captured = captured();
        return from < vnet || captured < 0 || captured > slotSize - from ? -1 : at() + from;
    }

    /** Bytes of the next slot's frame that are there. */
    int captured() {
        return bytes.getInt(at() + 8);
    }

    /** Bytes of the next slot's frame as it was received. */
    int length() {
        return bytes.getInt(at() + LENGTH_AT);
    }

    /** TPID of the tag that the kernel took out of the next slot's frame, if its status says so. */
    int tpid() {
        return bytes.getShort(at() + 26) & 0xffff;
    }

    /** The rest of that tag. */
    int tci() {
        return bytes.getShort(at() + 24) & 0xffff;
    }

    /** Gives the kernel the next {@code n} slots back. */
    void release(int n) {
        for (int i = 0; i < n; i++) {
            int at = at();
            bytes.putInt(at + LENGTH_AT, TAKEN);
            next++;
            MARK.setRelease(bytes, at + MARK_AT, next);
            STATUS.setRelease(bytes, at, KERNEL);
        }
    }

    private int at() {
        return at(0);
    }

    private int at(int ahead) {
        return ((int) next + ahead & mask) * slotSize;
    }

    /** The slots. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Unmaps it. */
    void close() {
        mapping.close();
    }
}
