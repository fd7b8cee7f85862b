package io.sluice.worker.port.xdp;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.SoftOffload;
import java.nio.ByteBuffer;

/**
 * One AF_XDP socket. The frame pool is its UMEM, so a packet goes from one such queue to another by its offset alone.
 *
 * <p>With {@link BusyPoll} a receive or send call runs the device's receive work in this thread: a flood then can't starve the
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
    private final BusyPoll busyPoll;
    private final int maxFrame;
    private final SoftOffload offload;

    /** Null for a socket that only receives. */
    private final Settlement settlement;

    /** For packets longer than a chunk; null, as the next one, if the socket was not bound for them (XDP_USE_SG). */
    private final Splitter splitter;

    private final Joiner joiner;

    /** TX descriptors that the longest packet takes. */
    private final int mostParts;

    /** Descriptors given to the kernel and not completed. */
    private int outstanding;

    /** The fill ring was left short because the pool had no frame; nothing that arrives would remind us. */
    private boolean starved;

    /** Of no use in itself: a sum that keeps the reads of {@link #warm} from being optimised away. */
    @SuppressWarnings("unused")
    private int warmth;

    // Of the send in progress.
    private int space;
    private int staged;
    private int stagedPackets;
    private long stagedBytes;

    /**
     * @param socket consumed
     * @param holder its number in the pool
     * @param busyPoll whether the socket is set up for it
     * @param multiBuffer whether packets may be longer than a chunk, both ways
     * @param maxFrame longest frame that may be sent, in bytes
     */
    XskQueue(
            Fd socket,
            XskRings rings,
            FramePool pool,
            int holder,
            Counters counters,
            boolean busyPoll,
            boolean multiBuffer,
            int maxFrame) {
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
        this.busyPoll = new BusyPoll(socket, busyPoll);
        this.settlement = tx == null ? null : new Settlement(tx, counters);
        this.splitter = multiBuffer ? new Splitter(pool) : null;
        this.joiner = multiBuffer ? new Joiner(pool, counters) : null;
        // What a predecessor queued or sent is not of this queue's counters, but its frames come back to us.
        this.outstanding = tx == null ? 0 : tx.own - completion.own;
        this.maxFrame = Math.min(maxFrame, multiBuffer ? splitter.longest() : pool.room());
        this.mostParts = multiBuffer && tx != null
                ? Math.min(splitter.parts(FramePool.HEADROOM, this.maxFrame), tx.entries()) // else it never had room
                : 1;
        this.offload = new SoftOffload(pool, counters, this::stage);
        refill();
    }

    @Override
    public int poll(Vector vector, int limit) {
        if (starved) {
            refill();
        }
        int n = rx.available(limit);
        if (n < limit && (busyPoll.works() || fill.needsWakeup())) {
            counters.add(PortCounter.RX_CALLS, 1);
            LIBC.recv(fdNumber, 0, 0, MSG_DONTWAIT);
            n = rx.available(limit);
        }
        if (n == 0) {
            return 0;
        }
        if (joiner != null) {
            return join(vector, n, limit);
        }
        n = Math.min(n, limit);
        ByteBuffer entries = rx.bytes;
        long bytes = 0;
        for (int i = 0; i < n; i++) {
            int at = rx.at16(rx.own + i);
            int offset = (int) entries.getLong(at);
            int length = entries.getInt(at + 8);
            pool.returned(offset);
            vector.add(offset, length, 0);
            bytes += length;
        }
        received(n, n, bytes);
        counters.add(PortCounter.RX_VECTORS, 1);
        return n;
    }

    /** As {@link #poll}, of {@code n} descriptors some of which may be parts of one packet. */
    private int join(Vector vector, int n, int limit) {
        ByteBuffer entries = rx.bytes;
        int packets = 0;
        long bytes = 0;
        int i = 0;
        for (; i < n && packets < limit; i++) {
            int at = rx.at16(rx.own + i);
            int offset = (int) entries.getLong(at);
            int length = entries.getInt(at + 8);
            boolean last = isLast(rx.own + i);
            if (!last && !joiner.hasBegun() && !endsWithin(i + 1, n)) {
                break; // the whole packet or nothing, so that whoever succeeds us never begins in the middle of one
            }
            pool.returned(offset);
            if (last && !joiner.hasBegun()) {
                vector.add(offset, length, 0);
            } else {
                joiner.add(vector, offset, length, last);
            }
            packets += last ? 1 : 0;
            bytes += length;
        }
        received(i, packets, bytes);
        counters.add(PortCounter.RX_VECTORS, vector.count > 0 ? 1 : 0);
        return vector.count;
    }

    private boolean isLast(int index) {
        return (rx.bytes.getInt(rx.at16(index) + 12) & Splitter.CONTINUED) == 0;
    }

    /** Whether one of the descriptors from the {@code i}-th on, up to the {@code n}-th, is the last of a packet. */
    private boolean endsWithin(int i, int n) {
        int end = i;
        while (end < n && !isLast(rx.own + end)) {
            end++;
        }
        return end < n || n == rx.entries();
    }

    private void received(int descriptors, int packets, long bytes) {
        rx.own += descriptors;
        rx.consumed();
        refill();
        busyPoll.received();
        counters.add(PortCounter.RX_PACKETS, packets);
        counters.add(PortCounter.RX_BYTES, bytes);
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
        return tx == null ? 0 : tx.free(Vector.CAPACITY * mostParts) / mostParts;
    }

    @Override
    public void send(Vector vector) {
        if (tx == null) {
            counters.add(PortCounter.TX_DROP_RX_ONLY, vector.count);
            pool.giveAll(vector);
            return;
        }
        warm(vector);
        space = tx.free(tx.mask + 1);
        settlement.settle(); // before the entries that the kernel is done with are written over
        staged = 0;
        stagedPackets = 0;
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
        settlement.add(stagedPackets, stagedBytes);
    }

    /**
     * Another CPU may have written the frames: one line of each read here, independently of each other, misses the cache once
     * for many at a time, where the copy loop of the kernel's send path misses it once for each. Not when they are received: a
     * frame that nobody reads stays in the cache of the CPU that receives into it again.
     */
    private void warm(Vector vector) {
        ByteBuffer frames = pool.bytes();
        int sum = 0;
        for (int i = 0; i < vector.count; i++) {
            sum ^= frames.getInt(vector.offset[i]);
        }
        warmth = sum;
    }

    private void stage(int offset, int length) {
        int parts = splitter == null ? 1 : splitter.parts(offset, length);
        if (length > maxFrame || parts > Splitter.MOST) {
            drop(PortCounter.TX_DROP_TOO_LONG, offset);
        } else if (staged + parts > space) {
            drop(PortCounter.TX_DROP_FULL, offset);
        } else {
            if (splitter == null) {
                int at = tx.at16(tx.own + staged);
                tx.bytes.putLong(at, offset);
                tx.bytes.putLong(at + 8, length); // len u32, options u32 0
            } else {
                splitter.write(tx, tx.own + staged, offset, length, parts, completion);
            }
            pool.held(offset, holderId);
            stagedBytes += length;
            stagedPackets++;
            staged += parts;
        }
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
        settlement.settle();
        return reap();
    }

    /** Frees the frames of what has been sent; returns how many descriptors that was. */
    private int reap() {
        int n = completion.available(outstanding);
        ByteBuffer entries = completion.bytes;
        for (int i = 0; i < n; i++) {
            int index = completion.own + i;
            int offset = (int) entries.getLong(completion.at8(index));
            if (splitter == null || splitter.isFree(offset, index)) {
                pool.returned(offset);
                pool.give(offset);
            }
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
        return tx == null ? 0 : settlement.packets();
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
    public void move(Home home) {
        pool.move(home.pool(), holderId);
    }

    @Override
    public void close() {
        if (tx != null) {
            settlement.close();
        }
        if (joiner != null) {
            joiner.close();
        }
        rings.close();
        socket.close();
    }

    @Override
    public void reclaim() {
        pool.reclaim(holderId);
    }
}
