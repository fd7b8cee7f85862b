package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.codec.Session;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.port.SoftOffload;
import io.sluice.worker.sys.Waiter;

/** One tunnel. Its packets wait in the {@link Underlay}, which receives and sends for all of them. */
final class TunnelQueue extends Backlog.Queue implements PortQueue {
    private final Underlay underlay;
    private final TunnelSpec spec;
    private final Session session;
    private final FramePool pool;
    private final Counters counters;
    private final SoftOffload offload;
    private final int depth;
    private final int maxFrame;
    private final int overhead;
    private Peer peer;
    private long outOfOrder;
    private int queued;
    private boolean closed;

    /** Who polls; null: nobody. */
    private Waiter waiter;

    /** Where packets go without being polled, if there are so many tunnels that each has one; null: nowhere. */
    private TunnelQueue direct;

    /**
     * @param depth most packets a poll takes, 1..256
     * @param maxFrame longest frame, in bytes
     */
    TunnelQueue(Underlay underlay, TunnelSpec spec, Counters counters, int depth, int maxFrame) {
        this.underlay = underlay;
        this.spec = spec;
        this.session = spec.encapsulation().open();
        this.pool = underlay.pool();
        this.counters = counters;
        this.depth = depth;
        this.maxFrame = maxFrame;
        this.overhead = session.overhead();
        this.offload = new SoftOffload(pool, counters, this::queue);
    }

    TunnelSpec spec() {
        return spec;
    }

    Counters counters() {
        return counters;
    }

    // Receiving

    @Override
    public SharedSocket shared() {
        return underlay;
    }

    @Override
    public void waiter(Waiter polling) {
        waiter = polling;
        if (waiter == null && count() > 0) {
            received(PortCounter.RX_DROP_FULL, underlay.backlog().drop(this, pool));
        }
    }

    @Override
    public void direct(PortQueue to) {
        direct = to instanceof TunnelQueue tunnel ? tunnel : null;
    }

    /** Whether somebody polls. */
    boolean isPolled() {
        return waiter != null;
    }

    void wake() {
        waiter.wake();
    }

    @Override
    public int poll(Vector vector, int limit) {
        if (count() == 0) {
            return 0;
        }
        long bytes = underlay.backlog().take(this, vector, Math.min(limit, depth));
        counters.received(vector.count, bytes);
        return vector.count;
    }

    /** Reads what receiving a packet reads of this object, so that it is in the cache. */
    long touch() {
        return count() + outOfOrder;
    }

    /** Reads what receiving a packet reads beyond. */
    long touchMore() {
        long here = counters.received() + session.overhead();
        return here + (direct == null ? waiter == null ? 0 : waiter.touch() : direct.queued + direct.maxFrame);
    }

    /** Reads what handing a packet on reads. */
    long touchDirect() {
        return direct == null ? 0 : direct.counters.sent() + direct.session.overhead();
    }

    /** A packet of this tunnel's peer with its key has come; returns whether its frame has been taken. */
    boolean strip(int offset, int length) {
        int header = session.strip(pool.bytes(), offset, length);
        if (header < 0) {
            return received(Underlay.reason(header), 1);
        }
        if (outOfOrder != session.outOfOrder()) {
            counters.add(PortCounter.RX_OUT_OF_ORDER, session.outOfOrder() - outOfOrder);
            outOfOrder = session.outOfOrder();
        }
        if (length - header < FrameLimits.ETHERNET_HEADER) {
            return received(PortCounter.RX_DROP_MALFORMED, 1);
        }
        boolean taken =
                pass(offset + header, length - header) || underlay.queue(this, offset + header, length - header);
        return taken || received(PortCounter.RX_DROP_FULL, 1);
    }

    /** Hands a frame on as a vector of one; false if it has to be polled: others wait before it, or there is no room. */
    private boolean pass(int offset, int length) {
        if (direct == null || !underlay.isWide() || count() > 0 || direct.underlay.room() == 0) {
            return false;
        }
        counters.received(1, length);
        counters.fillReceived(1);
        direct.counters.fillSent(1);
        direct.queue(offset, length);
        direct.underlay.due();
        return true;
    }

    /** Counts packets that were dropped on receive; false. */
    boolean received(PortCounter reason, int n) {
        counters.add(PortCounter.RX_PACKETS, n);
        counters.add(reason, n);
        return false;
    }

    // Sending

    @Override
    public boolean offloads() {
        return false;
    }

    @Override
    public int room() {
        return underlay.room();
    }

    @Override
    public void send(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            if (vector.flags[i] == 0) {
                queue(vector.offset[i], vector.length[i]);
            } else {
                offload.send(vector.offset[i], vector.length[i]);
            }
        }
        vector.clear();
    }

    private void queue(int offset, int length) {
        if (length > maxFrame) {
            drop(PortCounter.TX_DROP_TOO_LONG, offset);
        } else if (underlay.room() == 0) {
            drop(PortCounter.TX_DROP_FULL, offset);
        } else {
            session.encapsulate(pool.bytes(), offset, length);
            underlay.send(this, offset - overhead, length + overhead);
            queued++;
        }
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    Peer peer() {
        return peer;
    }

    void peer(Peer found) {
        peer = found;
    }

    /** What became of packets that {@link #send} took, with {@code bytes} of headers and frames. */
    void finished(int n, long bytes, PortCounter fate) {
        queued -= n;
        if (fate == PortCounter.TX_PACKETS) {
            counters.sent(n, bytes - (long) n * overhead);
        } else {
            counters.add(fate, n);
        }
    }

    @Override
    public int flush() {
        return queued > 0 ? underlay.flushMany() : 0;
    }

    @Override
    public int queued() {
        return queued;
    }

    @Override
    public boolean pending() {
        return count() > 0; // what waits to be sent is the underlay's
    }

    @Override
    public Fd fd() {
        return underlay.fd();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            counters.add(PortCounter.TX_DROP_CLOSED, queued);
            queued = 0;
            waiter = null;
            underlay.detach(this);
        }
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
