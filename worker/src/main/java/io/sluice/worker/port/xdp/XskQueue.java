package io.sluice.worker.port.xdp;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.SoftOffload;
import java.nio.ByteBuffer;

/**
 * One AF_XDP socket. The frame pool is its UMEM, so a packet goes from one such queue to another by its offset alone.
 *
 * <p>With busy polling a receive or send call runs the device's receive work in this thread: a flood then can't starve the
 * thread, and what it can't serve is dropped early, in the driver. In copy mode a send call transmits 32 descriptors.
 */
final class XskQueue implements PortQueue {
    private static final int MSG_DONTWAIT = 0x40;

    /** What a copy-mode send call transmits at most, unless XDP_MAX_TX_SKB_BUDGET says otherwise. */
    private static final int TX_BATCH = 32;

    private final Fd socket;
    private final int fdNumber;
    private final int holderId;
    private final FramePool pool;
    private final Counters counters;
    private final XskRings rings;
    private final Ring rx;
    private final Ring tx;
    private final Ring fill;
    private final Ring completion;
    private final boolean busyPoll;
    private final int maxFrame;
    private final SoftOffload offload;
    private int outstanding;

    /** Up to this index of the TX ring packets are counted as sent: the kernel has taken them. */
    private int settled;

    /** Bytes of the packets from there on. */
    private long unsettledBytes;

    /** The fill ring was left short because the pool had no frame; nothing that arrives would remind us. */
    private boolean starved;

    /**
     * Of no use in itself: a sum that keeps the reads in it from being optimised away. Another CPU has written the frames;
     * one line of each read here, independently of each other, misses the cache once for many at a time, where the copy
     * loop of the kernel's send path misses it once for each.
     */
    @SuppressWarnings("unused")
    private int warmth;

    // Of the send in progress.
    private int space;
    private int staged;
    private long stagedBytes;

    /**
     * @param socket consumed
     * @param holder its number in the pool
     * @param maxFrame longest frame that may be sent, in bytes
     */
    XskQueue(Fd socket, XskRings rings, FramePool pool, int holder, Counters counters, boolean busyPoll, int maxFrame) {
        this.socket = socket;
        this.fdNumber = socket.number();
        this.rings = rings;
        this.rx = rings.rx();
        this.tx = rings.tx();
        this.fill = rings.fill();
        this.completion = rings.completion();
        this.pool = pool;
        this.holderId = holder;
        this.counters = counters;
        this.busyPoll = busyPoll;
        // What a predecessor queued or sent is not of this queue's counters, but its frames come back to us.
        this.settled = tx == null ? 0 : tx.own;
        this.outstanding = tx == null ? 0 : tx.own - completion.own;
        this.maxFrame = Math.min(maxFrame, pool.frameSize() - FramePool.HEADROOM);
        this.offload = new SoftOffload(pool, counters, this::stage);
        refill();
    }

    @Override
    public int poll(Vector vector, int limit) {
        if (starved) {
            refill();
        }
        int n = rx.available(limit);
        if (n < limit && (busyPoll || fill.needsWakeup())) {
            counters.add(PortCounter.RX_CALLS, 1);
            LIBC.recv(fdNumber, 0, 0, MSG_DONTWAIT);
            n = rx.available(limit);
        }
        if (n == 0) {
            return 0;
        }
        n = Math.min(n, limit);
        ByteBuffer entries = rx.bytes;
        ByteBuffer frames = pool.bytes();
        long bytes = 0;
        int warm = 0;
        for (int i = 0; i < n; i++) {
            int at = rx.at16(rx.own + i);
            int offset = (int) entries.getLong(at);
            int length = entries.getInt(at + 8);
            pool.returned(offset);
            vector.add(offset, length, 0);
            bytes += length;
            warm ^= frames.getInt(offset);
        }
        warmth = warm;
        rx.own += n;
        rx.consumed();
        refill();
        counters.add(PortCounter.RX_PACKETS, n);
        counters.add(PortCounter.RX_BYTES, bytes);
        counters.add(PortCounter.RX_VECTORS, 1);
        return n;
    }

    /** Hands the kernel free frames to receive into, as many as the fill ring takes and the pool can spare. */
    private void refill() {
        int n = Math.min(fill.free(Vector.CAPACITY), Vector.CAPACITY);
        ByteBuffer entries = fill.bytes;
        int done = 0;
        starved = false;
        while (done < n) {
            int frame = pool.take();
            if (frame == FramePool.NONE) {
                starved = true;
                break;
            }
            entries.putLong(fill.at8(fill.own + done), frame); // before it is noted: see Succession
            pool.held(frame, holderId);
            done++;
        }
        if (done > 0) {
            fill.own += done;
            fill.publish();
        }
    }

    @Override
    public boolean offloads() {
        return false;
    }

    @Override
    public int room() {
        return tx == null ? 0 : tx.free(Vector.CAPACITY);
    }

    @Override
    public void send(Vector vector) {
        if (tx == null) {
            counters.add(PortCounter.TX_DROP_RX_ONLY, vector.count);
            pool.giveAll(vector);
            return;
        }
        space = tx.free(tx.mask + 1);
        settle(); // before the entries that the kernel is done with are written over
        staged = 0;
        stagedBytes = 0;
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            int length = vector.length[i];
            if (vector.flags[i] == 0) {
                stage(offset, length);
            } else {
                offload.send(offset, length);
            }
        }
        vector.clear();
        tx.own += staged;
        tx.publish();
        outstanding += staged;
        unsettledBytes += stagedBytes;
    }

    private void stage(int offset, int length) {
        if (length > maxFrame) {
            drop(PortCounter.TX_DROP_TOO_LONG, offset);
        } else if (staged == space) {
            drop(PortCounter.TX_DROP_FULL, offset);
        } else {
            int at = tx.at16(tx.own + staged);
            tx.bytes.putLong(at, offset);
            tx.bytes.putLong(at + 8, length); // len u32, options u32 0
            pool.held(offset, holderId);
            stagedBytes += length;
            staged++;
        }
    }

    /** Counts as sent what the kernel was last seen to have taken from the TX ring. */
    private void settle() {
        int taken = tx.known();
        int n = taken - settled;
        if (n <= 0) {
            return; // less than 0: the kernel is still at what a predecessor queued
        }
        long bytes = 0;
        if (taken == tx.own) {
            bytes = unsettledBytes;
            settled = taken;
        } else {
            for (; settled != taken; settled++) {
                bytes += tx.bytes.getInt(tx.at16(settled) + 8);
            }
        }
        unsettledBytes -= bytes;
        counters.add(PortCounter.TX_PACKETS, n);
        counters.add(PortCounter.TX_BYTES, bytes);
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    @Override
    public int flush() {
        if (outstanding == 0 && queued() == 0) {
            return 0;
        }
        int pending = tx.pending();
        for (int calls = (pending + TX_BATCH - 1) / TX_BATCH; calls > 0 && pending > 0; calls--) {
            counters.add(PortCounter.TX_CALLS, 1);
            LIBC.send(fdNumber, 0, 0, MSG_DONTWAIT);
            int left = tx.pending();
            if (left == pending) {
                counters.add(PortCounter.TX_STALLS, 1);
                break;
            }
            pending = left;
        }
        settle();
        return reap();
    }

    /** Frees the frames of what has been sent. */
    private int reap() {
        int n = completion.available(outstanding);
        ByteBuffer entries = completion.bytes;
        for (int i = 0; i < n; i++) {
            int offset = (int) entries.getLong(completion.at8(completion.own + i));
            pool.returned(offset);
            pool.give(offset);
        }
        if (n > 0) {
            completion.own += n;
            completion.consumed();
            outstanding -= n;
            if (fill.free(1) > Vector.CAPACITY) {
                refill();
            }
        }
        return n;
    }

    @Override
    public int queued() {
        return tx == null ? 0 : tx.own - settled;
    }

    @Override
    public int holder() {
        return holderId;
    }

    @Override
    public boolean pending() {
        return (tx != null && tx.pending() > 0) || (starved && fill.pending() == 0);
    }

    @Override
    public Rings rings() {
        return new Rings(rx.entries(), tx == null ? 0 : tx.entries(), fill.entries(), completion.entries());
    }

    @Override
    public Fd fd() {
        return socket;
    }

    @Override
    public void close() {
        if (tx != null) {
            tx.pending(); // looks where the kernel is
            settle();
            counters.add(PortCounter.TX_DROP_CLOSED, queued());
            settled = tx.own;
        }
        rings.close();
        socket.close();
    }

    @Override
    public void reclaim() {
        pool.reclaim(holderId);
    }
}
