package io.sluice.worker.port.tap;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import jnr.constants.platform.Errno;

/**
 * One queue of a tap device. The kernel has no call that takes more than one packet, so it is one a call, straight from and
 * to the frame with the vnet header in its headroom.
 */
final class TapQueue implements PortQueue {
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();

    private final Fd fd;
    private final int fdNumber;
    private final FramePool pool;
    private final Counters counters;
    private final int vnet;
    private final boolean large;
    private final int room;
    private final int depth;
    private final Backlog backlog;

    /** The pool had no frame at the last poll. */
    private boolean starved;

    /**
     * @param fd consumed; non-blocking
     * @param vnet bytes of virtio_net_hdr: 0 or 10
     * @param large whether to receive into large frames
     * @param depth most packets a poll takes, 1..256
     * @param maxFrame longest frame without offloads, in bytes
     */
    TapQueue(Fd fd, FramePool pool, Counters counters, int vnet, boolean large, int depth, int maxFrame) {
        this.fd = fd;
        this.fdNumber = fd.number();
        this.pool = pool;
        this.counters = counters;
        this.vnet = vnet;
        this.large = large;
        this.room = (large ? FramePool.LARGE_FRAME : pool.frameSize()) - FramePool.HEADROOM;
        this.depth = depth;
        this.backlog = new Backlog(pool, counters, vnet > 0, maxFrame);
    }

    @Override
    public int poll(Vector vector, int limit) {
        int most = Math.min(limit, depth);
        int n = 0;
        long bytes = 0;
        starved = false;
        while (n < most) {
            int frame = large ? pool.takeLarge() : pool.take();
            starved = frame == FramePool.NONE;
            if (starved) {
                break;
            }
            int offset = frame + FramePool.HEADROOM;
            counters.add(PortCounter.RX_CALLS, 1);
            long length = LIBC.read(fdNumber, pool.address() + offset - vnet, room + vnet) - vnet;
            if (length < -vnet || (length == 0 && vnet == 0)) { // EAGAIN, or the device has gone
                pool.give(frame);
                break;
            }
            take(vector, offset, (int) length);
            bytes += Math.max(length, 0);
            n++;
        }
        if (n > 0) {
            counters.add(PortCounter.RX_PACKETS, n);
            counters.add(PortCounter.RX_BYTES, bytes);
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return vector.count;
    }

    private void take(Vector vector, int offset, int length) {
        if (length >= room) { // the kernel cuts without saying so
            drop(PortCounter.RX_DROP_TRUNCATED, offset);
        } else if (length < FrameLimits.ETHERNET_HEADER) {
            drop(PortCounter.RX_DROP_MALFORMED, offset);
        } else {
            vector.add(offset, length, vnet > 0 ? Vector.VNET : 0);
        }
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    @Override
    public boolean offloads() {
        return vnet > 0;
    }

    @Override
    public int room() {
        return backlog.room();
    }

    @Override
    public void send(Vector vector) {
        backlog.send(vector);
    }

    @Override
    public int flush() {
        int moved = 0;
        while (backlog.waiting() > 0) {
            counters.add(PortCounter.TX_CALLS, 1);
            long from = pool.address() + backlog.offset(0) - vnet;
            if (LIBC.write(fdNumber, from, backlog.length(0) + vnet) > 0) {
                backlog.sent(1);
            } else {
                int errno = Native.errno();
                if (errno == EAGAIN || errno == EINTR) {
                    counters.add(PortCounter.TX_STALLS, 1);
                    break;
                }
                backlog.dropped(1, PortCounter.TX_DROP_REFUSED); // EIO: down. EINVAL: this one. EBADFD: gone
            }
            moved++;
        }
        return moved;
    }

    @Override
    public int queued() {
        return backlog.waiting();
    }

    @Override
    public boolean pending() {
        return backlog.waiting() > 0 || starved;
    }

    @Override
    public Fd fd() {
        return fd;
    }

    @Override
    public void move(Home home) {
        pool.move(home.pool());
    }

    @Override
    public void close() {
        backlog.close();
        fd.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
