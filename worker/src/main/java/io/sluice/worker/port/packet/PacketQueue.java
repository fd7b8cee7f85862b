package io.sluice.worker.port.packet;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SoftOffload;
import jnr.constants.platform.Errno;

/**
 * One AF_PACKET socket, a vector a system call each way.
 *
 * <p>With a vnet header the socket reads and writes 10 bytes before each frame; they lie in the frame's headroom, where
 * they stay when the packet goes on to another port with a vnet header: a superframe is forwarded without a byte of it
 * being touched. What the kernel does not take at once waits here, and {@link #room} tells the graph to leave the rest in
 * the other port's receive queue.
 */
final class PacketQueue implements PortQueue {
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();
    private static final int BACKLOG = 2 * Vector.CAPACITY;

    private final Fd socket;
    private final int fdNumber;
    private final FramePool pool;
    private final Counters counters;
    private final VlanTags vlanTags;
    private final int vnet;
    private final int depth;
    private final int maxFrame;
    private final ReceiveSlots slots;
    private final Messages in;

    private final Messages out = new Messages(Vector.CAPACITY, false);
    private final int[] waitingOffset = new int[BACKLOG];
    private final int[] waitingLength = new int[BACKLOG];
    private final SoftOffload offload;
    private int head;
    private int waiting;

    /** The pool had no frame at the last poll. */
    private boolean starved;

    /**
     * @param socket consumed
     * @param slots shared with the thread's other sockets of the same frame size and vnet header
     * @param vnet bytes of virtio_net_hdr that the socket has: 0 or 10
     * @param depth most packets a receive call takes, 1..256
     * @param maxFrame longest frame without offloads, in bytes
     */
    PacketQueue(Fd socket, FramePool pool, ReceiveSlots slots, Counters counters, int vnet, int depth, int maxFrame) {
        this.socket = socket;
        this.fdNumber = socket.number();
        this.pool = pool;
        this.counters = counters;
        this.vnet = vnet;
        this.depth = depth;
        this.maxFrame = maxFrame;
        this.slots = slots;
        this.offload = new SoftOffload(pool, counters, (offset, length) -> queue(offset, length, false));
        this.in = slots.messages();
        this.vlanTags = new VlanTags(pool, in, vnet);
    }

    @Override
    public int poll(Vector vector, int limit) {
        int want = slots.ready(Math.min(limit, depth));
        starved = want == 0;
        if (starved) {
            return 0;
        }
        counters.add(PortCounter.RX_CALLS, 1);
        int n = LIBC.recvmmsg(fdNumber, slots.address(), want, MSG_DONTWAIT, 0);
        if (n <= 0) {
            return 0;
        }
        long bytes = 0;
        int first = slots.first();
        for (int slot = first; slot < first + n; slot++) {
            bytes += take(slot, vector);
        }
        slots.consumed(n);
        counters.add(PortCounter.RX_PACKETS, n);
        counters.add(PortCounter.RX_BYTES, bytes);
        counters.add(PortCounter.RX_VECTORS, 1);
        return vector.count;
    }

    private int take(int i, Vector vector) {
        int offset = slots.offset(i);
        int length = in.length(i) - vnet;
        if (in.truncated(i)) {
            drop(PortCounter.RX_DROP_TRUNCATED, offset);
        } else if (length < FrameLimits.ETHERNET_HEADER) {
            drop(PortCounter.RX_DROP_MALFORMED, offset);
        } else {
            int grown = in.hasControl(i) ? vlanTags.restore(i, offset) : 0;
            length += grown;
            vector.add(offset - grown, length, vnet > 0 ? Vector.VNET : 0);
        }
        in.offerControl(i);
        return Math.max(length, 0);
    }

    @Override
    public boolean offloads() {
        return vnet > 0;
    }

    @Override
    public int room() {
        return BACKLOG - waiting;
    }

    @Override
    public void send(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            int length = vector.length[i];
            boolean open = vector.flags[i] != 0;
            if (open == (vnet > 0)) {
                queue(offset, length, open && SoftOffload.isSuperframe(pool, offset));
            } else if (open) {
                offload.send(offset, length);
            } else {
                pool.bytes().putLong(offset - 10, 0).putShort(offset - 2, (short) 0);
                queue(offset, length, false);
            }
        }
        vector.clear();
    }

    /** @param whole whether the kernel segments the packet, so that it may be longer than a frame */
    private void queue(int offset, int length, boolean whole) {
        if (length > maxFrame && !whole) {
            drop(PortCounter.TX_DROP_TOO_LONG, offset);
        } else if (waiting == BACKLOG) {
            drop(PortCounter.TX_DROP_FULL, offset);
        } else {
            int at = (head + waiting) % BACKLOG;
            waitingOffset[at] = offset;
            waitingLength[at] = length;
            waiting++;
        }
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    @Override
    public int flush() {
        int moved = 0;
        while (waiting > 0) {
            int n = Math.min(waiting, Vector.CAPACITY);
            for (int i = 0; i < n; i++) {
                int at = (head + i) % BACKLOG;
                out.data(i, pool.address() + waitingOffset[at] - vnet, waitingLength[at] + vnet);
            }
            int sent = sendAll(n);
            moved += sent;
            if (sent < n) {
                break;
            }
        }
        return moved;
    }

    /** Sends the first {@code n} messages; returns how many left the queue, by being sent or refused. */
    private int sendAll(int n) {
        int done = 0;
        while (done < n) {
            counters.add(PortCounter.TX_CALLS, 1);
            int sent = LIBC.sendmmsg(fdNumber, out.address(done), n - done, MSG_DONTWAIT);
            if (sent > 0) {
                finish(sent, true);
                done += sent;
                continue;
            }
            int errno = Native.errno();
            if (errno == EAGAIN || errno == EINTR) {
                counters.add(PortCounter.TX_STALLS, 1);
                break;
            }
            // ENOBUFS, ENETDOWN, EMSGSIZE, EINVAL...: this one packet is refused, the next may not be.
            finish(1, false);
            done++;
        }
        return done;
    }

    private void finish(int n, boolean sent) {
        long bytes = 0;
        for (int i = 0; i < n; i++) {
            pool.give(waitingOffset[head]);
            bytes += waitingLength[head];
            head = (head + 1) % BACKLOG;
        }
        waiting -= n;
        if (sent) {
            counters.add(PortCounter.TX_PACKETS, n);
            counters.add(PortCounter.TX_BYTES, bytes);
        } else {
            counters.add(PortCounter.TX_DROP_REFUSED, n);
        }
    }

    @Override
    public int queued() {
        return waiting;
    }

    @Override
    public boolean pending() {
        return waiting > 0 || starved;
    }

    @Override
    public Fd fd() {
        return socket;
    }

    @Override
    public void close() {
        counters.add(PortCounter.TX_DROP_CLOSED, waiting);
        for (; waiting > 0; waiting--) {
            pool.give(waitingOffset[head]);
            head = (head + 1) % BACKLOG;
        }
        socket.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
