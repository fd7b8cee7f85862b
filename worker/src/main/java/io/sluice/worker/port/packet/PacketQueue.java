package io.sluice.worker.port.packet;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;

/**
 * One AF_PACKET socket, a vector a system call each way.
 *
 * <p>With a vnet header the socket reads and writes 10 bytes before each frame; they lie in the frame's headroom, where
 * they stay when the packet goes on to another port with a vnet header: a superframe is forwarded without a byte of it
 * being touched. What the kernel does not take at once waits here, and {@link #room} tells the graph to leave the rest in
 * the other port's receive queue.
 */
final class PacketQueue implements PortQueue, MessageSender.Destination {
    private static final int MSG_DONTWAIT = 0x40;

    private final Fd socket;
    private final int fdNumber;
    private final FramePool pool;
    private final Counters counters;
    private VlanTags vlanTags;
    private final int vnet;
    private final int depth;
    private ReceiveSlots slots;
    private Messages in;
    private final Backlog backlog;
    private final MessageSender sender;

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
        this.backlog = new Backlog(pool, counters, vnet > 0, maxFrame);
        this.sender = new MessageSender(pool, counters, backlog, vnet, this, slots.outgoing());
        take(slots);
    }

    private void take(ReceiveSlots ofThread) {
        slots = ofThread;
        sender.by(slots.outgoing());
        in = ofThread.messages();
        vlanTags = new VlanTags(pool, in, vnet);
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
        return backlog.room();
    }

    @Override
    public void send(Vector vector) {
        backlog.send(vector);
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    @Override
    public int flush() {
        return sender.flush();
    }

    @Override
    public int socket() {
        return fdNumber;
    }

    @Override
    public PortCounter refused(int errno) {
        return PortCounter.TX_DROP_REFUSED;
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
        return socket;
    }

    @Override
    public void move(Home home) {
        pool.move(home.pool());
        take(home.slots(slots.large(), vnet));
    }

    @Override
    public void close() {
        backlog.close();
        socket.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
