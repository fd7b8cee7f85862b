package io.sluice.worker.port.packet;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.SoftOffload;
import io.sluice.worker.sys.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.Errno;

/**
 * The TPACKET_V2 transmit ring of a packet socket with a vnet header that does nothing else: small frames go out a vector a
 * call, for less than as messages. A socket that has such a ring sends in no other way (packet_sendmsg), so superframes go
 * through another one.
 *
 * <pre>
 *  slot: status u32 0 | len u32 4 | ... | our mark u64 24 (tpacket2_hdr, 32) | virtio_net_hdr 32 | frame 42
 * </pre>
 *
 * The kernel takes a slot's frame as pages, which a veth then copies into pages of its own; but what the vnet header calls
 * headers it copies at once, into the skb (tpacket_snd). So we say that a frame is all headers. It stays in the backlog until
 * the kernel has it.
 *
 * <p>Whoever maps a ring that somebody had who was killed finds out which slot is next. A slot that is filled is
 * marked, in bytes that the kernel does not look at for sending, with a number that grows. The next one is after the
 * highest, or where frames wait that the kernel was not told to take: they are lost, as those that had not come so far.
 */
final class SendRing {
    private static final VarHandle STATUS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle MARK = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final int MARK_AT = 24;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int ENETDOWN = Errno.ENETDOWN.intValue();
    private static final int ENXIO = Errno.ENXIO.intValue();
    private static final int ENOBUFS = Errno.ENOBUFS.intValue();
    private static final int VNET = 10;
    private static final int DATA = 32;
    private static final int AVAILABLE = 0;
    private static final int SEND_REQUEST = 1;
    private static final int WRONG_FORMAT = 4;

    /**
     * How often the device may drop a packet before we do. It says the same (NET_XMIT_DROP) of one that comes when its queue is
     * full, which is soon over, and of one that it never takes, as it is too long for the other end of a veth.
     */
    private static final int PATIENCE = 32;

    private final Fd socket;
    private final int fdNumber;
    private final Mapping mapping;
    private final ByteBuffer bytes;
    private final FramePool pool;
    private final int slotSize;
    private final int mask;

    /** The next slot; counts from the ring's beginning. */
    private long tail;

    /** The backlog's first packets, so many, are in the ring. */
    private int filled;

    /** How often the device has dropped the first of them. */
    private int drops;

    /**
     * @param socket consumed
     * @param slotSize bytes of a slot
     * @param slots how many, a power of two
     * @throws IllegalStateException somebody else has marked the slots
     */
    SendRing(Fd socket, int slotSize, int slots, FramePool pool) throws SyscallException {
        this.socket = socket;
        this.fdNumber = socket.number();
        this.mapping = Mapping.of(socket, 0, slotSize * slots, "packet ring");
        this.bytes = mapping.bytes();
        this.pool = pool;
        this.slotSize = slotSize;
        this.mask = slots - 1;
        findPlace();
    }

    private void findPlace() {
        for (int slot = 0; slot <= mask; slot++) {
            long mark = (long) MARK.get(bytes, at(slot) + MARK_AT);
            if (mark != 0 && ((mark - 1) & mask) != slot) {
                mapping.close();
                throw new IllegalStateException("slot " + slot + " of a packet ring has the mark " + mark);
            }
            tail = Math.max(tail, mark);
        }
        if (waits(tail)) {
            empty(tail); // filled, and not marked yet
        }
        while (tail > 0 && waits(tail - 1)) {
            tail--;
            empty(tail);
        }
    }

    private boolean waits(long slot) {
        int status = status(slot);
        return status == SEND_REQUEST || status == WRONG_FORMAT;
    }

    /** Takes back a slot that the kernel has not taken; the last ones first, so that there is no moment with a gap. */
    private void empty(long slot) {
        MARK.setRelease(bytes, at(slot) + MARK_AT, Math.max(0, slot - mask)); // as it was a round ago
        STATUS.setRelease(bytes, at(slot), AVAILABLE);
    }

    /** Whether the {@code i}-th packet of {@code backlog} goes this way: a frame that fits, and no superframe. */
    boolean takes(Backlog backlog, int i) {
        return backlog.length(i) <= slotSize - DATA - VNET && !SoftOffload.isSuperframe(pool, backlog.offset(i));
    }

    /** Sends the first {@code n} packets of {@code backlog}; returns how many left it, by being sent or dropped. */
    int send(Backlog backlog, int n, Counters counters) {
        int left = 0;
        while (left < n) {
            fill(backlog, n - left);
            counters.add(PortCounter.TX_CALLS, 1);
            // What became of each packet its slot says, but not whether there is a device that takes packets.
            int errno = LIBC.send(fdNumber, 0, 0, MSG_DONTWAIT) == -1 ? Native.errno() : 0;
            left += take(backlog);
            int refused = filled == 0 ? 0 : refused(errno);
            if (refused > 0) {
                rewind();
                backlog.dropped(refused, PortCounter.TX_DROP_REFUSED);
                left += refused;
            } else if (left < n && (filled > 0 || status(tail) != AVAILABLE)) {
                counters.add(PortCounter.TX_STALLS, 1);
                break;
            }
        }
        return left;
    }

    /** How many of the packets that are in the ring after a call will not be sent. */
    private int refused(int errno) {
        if (errno == ENETDOWN || errno == ENXIO) {
            return filled;
        }
        if (errno == ENOBUFS) {
            drops++;
        }
        return status(tail) == WRONG_FORMAT || drops > PATIENCE ? 1 : 0;
    }

    private void fill(Backlog backlog, int n) {
        while (filled < n && status(tail + filled) == AVAILABLE) {
            int at = at(tail + filled);
            int length = backlog.length(filled);
            bytes.put(at + DATA, pool.bytes(), backlog.offset(filled) - VNET, length + VNET);
            bytes.putShort(at + DATA + 2, (short) length); // hdr_len
            bytes.putInt(at + 4, length + VNET);
            STATUS.setRelease(bytes, at, SEND_REQUEST);
            MARK.setRelease(bytes, at + MARK_AT, tail + filled + 1);
            filled++;
        }
    }

    /** Forgets what the kernel has taken, in the order of the ring; returns how many packets it was. */
    private int take(Backlog backlog) {
        int taken = 0;
        int status = status(tail);
        while (taken < filled && status != SEND_REQUEST && status != WRONG_FORMAT) {
            taken++;
            status = status(tail + taken);
        }
        tail += taken;
        filled -= taken;
        drops = taken > 0 ? 0 : drops;
        backlog.sent(taken);
        return taken;
    }

    /** Takes everything back: the kernel is at the slot of the packet that it has refused, and wants the next one there. */
    private void rewind() {
        for (int i = filled - 1; i >= 0; i--) {
            empty(tail + i);
        }
        filled = 0;
        drops = 0;
    }

    private int status(long slot) {
        return (int) STATUS.getAcquire(bytes, at(slot));
    }

    private int at(long slot) {
        return ((int) slot & mask) * slotSize;
    }

    /** How many slots there are. */
    int slots() {
        return mask + 1;
    }

    /** Unmaps it and closes its socket; what is in it the backlog counts. */
    void close() {
        mapping.close();
        socket.close();
    }
}
