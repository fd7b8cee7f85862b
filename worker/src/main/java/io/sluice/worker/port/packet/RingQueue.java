package io.sluice.worker.port.packet;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.SoftOffload;
import io.sluice.worker.sys.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One AF_PACKET socket with TPACKET_V2 rings (Documentation/networking/packet_mmap.rst): for small frames, where a copy costs
 * less than a message header. Receiving needs no system call, sending one a vector.
 *
 * <pre>
 *  mapping: RX slots, then TX slots, of equal size and number
 *  slot: status u32 0 | len 4 | snaplen 8 | mac u16 12 | ... | vlan_tci u16 24 | vlan_tpid u16 26     (tpacket2_hdr, 32)
 *        received data is at slot + mac, data to send at slot + 32
 * </pre>
 *
 * A slot belongs to whom its status says; the status is read with acquire and written with release.
 */
final class RingQueue implements PortQueue {
    private static final VarHandle STATUS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int MSG_DONTWAIT = 0x40;
    private static final int TX_DATA = 32;

    private static final int RX_KERNEL = 0;
    private static final int RX_USER = 1;
    private static final int RX_VLAN_VALID = 0x10;
    private static final int RX_VLAN_TPID_VALID = 0x40;
    private static final int TX_AVAILABLE = 0;
    private static final int TX_SEND_REQUEST = 1;
    private static final int TX_WRONG_FORMAT = 4;

    private final Fd socket;
    private final int fdNumber;
    private final Mapping mapping;
    private final ByteBuffer ring;
    private final FramePool pool;
    private final Counters counters;
    private final SoftOffload offload;
    private final int slot;
    private final int mask;
    private final int txBase;
    private final int depth;
    private final int maxFrame;
    private int rxNext;
    private int txHead;
    private int txTail;
    private boolean kick;

    /**
     * @param socket consumed
     * @param frameSize bytes of a slot
     * @param frames slots each way, a power of two
     */
    RingQueue(Fd socket, int frameSize, int frames, FramePool pool, Counters counters, int depth, int maxFrame)
            throws SyscallException {
        this.socket = socket;
        this.fdNumber = socket.number();
        this.mapping = Mapping.of(socket, 0, 2 * frameSize * frames, "packet rings");
        this.ring = mapping.bytes();
        this.pool = pool;
        this.counters = counters;
        this.offload = new SoftOffload(pool, counters, this::place);
        this.slot = frameSize;
        this.mask = frames - 1;
        this.txBase = frameSize * frames;
        this.depth = depth;
        this.maxFrame = Math.min(maxFrame, frameSize - TX_DATA);
    }

    @Override
    public int poll(Vector vector, int limit) {
        int most = Math.min(limit, depth);
        int n = 0;
        long bytes = 0;
        while (n < most) {
            int at = (rxNext & mask) * slot;
            int status = (int) STATUS.getAcquire(ring, at);
            if ((status & RX_USER) == 0) {
                break;
            }
            bytes += take(at, status, vector);
            STATUS.setRelease(ring, at, RX_KERNEL);
            rxNext++;
            n++;
        }
        if (n > 0) {
            counters.add(PortCounter.RX_PACKETS, n);
            counters.add(PortCounter.RX_BYTES, bytes);
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return vector.count;
    }

    /** Copies one slot into a frame of the pool, its VLAN tag put back; returns the bytes received. */
    private int take(int at, int status, Vector vector) {
        int length = ring.getInt(at + 8);
        int from = ring.getShort(at + 12) & 0xffff;
        if (length < 0 || length > slot - from) {
            counters.add(PortCounter.RX_DROP_MALFORMED, 1);
            return 0;
        }
        if (length != ring.getInt(at + 4) || length > pool.room() - FrameLimits.VLAN_TAG) {
            counters.add(PortCounter.RX_DROP_TRUNCATED, 1);
            return length;
        }
        if (length < FrameLimits.ETHERNET_HEADER) {
            counters.add(PortCounter.RX_DROP_MALFORMED, 1);
            return length;
        }
        int frame = pool.take();
        if (frame == FramePool.NONE) {
            counters.add(PortCounter.RX_DROP_NO_FRAME, 1);
            return length;
        }
        int to = frame + FramePool.HEADROOM;
        ByteBuffer bytes = pool.bytes();
        bytes.put(to, ring, at + from, length);
        if ((status & RX_VLAN_VALID) == 0) {
            vector.add(to, length, 0);
            return length;
        } else {
            int tpid = (status & RX_VLAN_TPID_VALID) != 0 ? ring.getShort(at + 26) & 0xffff : VlanTags.DEFAULT_TPID;
            VlanTags.insert(bytes, to, 0, tpid, ring.getShort(at + 24) & 0xffff);
            vector.add(to - FrameLimits.VLAN_TAG, length + FrameLimits.VLAN_TAG, 0);
            return length + FrameLimits.VLAN_TAG;
        }
    }

    @Override
    public boolean offloads() {
        return false;
    }

    @Override
    public int room() {
        return mask + 1 - (txHead - txTail);
    }

    @Override
    public void send(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            if (vector.flags[i] == 0) {
                place(vector.offset[i], vector.length[i]);
            } else {
                offload.send(vector.offset[i], vector.length[i]);
            }
        }
        vector.clear();
    }

    /** Copies a packet into the next slot and frees its frame. */
    private void place(int offset, int length) {
        if (length > maxFrame) {
            counters.add(PortCounter.TX_DROP_TOO_LONG, 1);
        } else if (txHead - txTail > mask) {
            counters.add(PortCounter.TX_DROP_FULL, 1);
        } else {
            int at = txBase + (txHead & mask) * slot;
            ring.put(at + TX_DATA, pool.bytes(), offset, length);
            ring.putInt(at + 4, length);
            STATUS.setRelease(ring, at, TX_SEND_REQUEST);
            txHead++;
            kick = true;
        }
        pool.give(offset);
    }

    @Override
    public int flush() {
        if (txHead == txTail) {
            return 0;
        }
        if (kick) {
            counters.add(PortCounter.TX_CALLS, 1);
            kick = LIBC.send(fdNumber, 0, 0, MSG_DONTWAIT) == -1;
            if (kick) {
                counters.add(PortCounter.TX_STALLS, 1);
            }
        }
        return reap();
    }

    /** Takes back the slots that the kernel is done with; returns how many. */
    private int reap() {
        int sent = 0;
        int refused = 0;
        long bytes = 0;
        while (txTail != txHead) {
            int at = txBase + (txTail & mask) * slot;
            int status = (int) STATUS.getAcquire(ring, at);
            if (status == TX_AVAILABLE) {
                sent++;
                bytes += ring.getInt(at + 4);
            } else if (status == TX_WRONG_FORMAT) {
                refused++;
                STATUS.setRelease(ring, at, TX_AVAILABLE);
            } else {
                break;
            }
            txTail++;
        }
        counters.add(PortCounter.TX_PACKETS, sent);
        counters.add(PortCounter.TX_BYTES, bytes);
        counters.add(PortCounter.TX_DROP_REFUSED, refused);
        return sent + refused;
    }

    @Override
    public int queued() {
        return txHead - txTail;
    }

    @Override
    public boolean pending() {
        return txHead != txTail;
    }

    @Override
    public Rings rings() {
        return new Rings(mask + 1, mask + 1, 0, 0);
    }

    @Override
    public Fd fd() {
        return socket;
    }

    @Override
    public void move(Home home) {
        pool.move(home.pool());
    }

    @Override
    public void close() {
        reap();
        counters.add(PortCounter.TX_DROP_CLOSED, txHead - txTail);
        txTail = txHead;
        mapping.close();
        socket.close();
    }

    @Override
    public void reclaim() {
        // Rings are copied into and out of: the kernel has no frame of the pool.
    }
}
