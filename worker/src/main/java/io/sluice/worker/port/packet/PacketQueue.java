package io.sluice.worker.port.packet;

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
import io.sluice.worker.port.Rings;
import jnr.constants.platform.Errno;

/**
 * One AF_PACKET socket, and maybe a second one that only sends. Frames that fit into a ring's slot are received without a
 * system call and sent a vector a call; all others, superframes above all, are messages, of which a call takes a vector,
 * too. A small frame costs less copied through a ring than as a message; a superframe would be copied once more. The ring
 * for receiving says which way each frame has come, and one way to send waits for the other, so that order is kept. Without
 * rings everything is messages.
 *
 * <p>With a vnet header the socket reads and writes 10 bytes before each frame; they lie in the frame's headroom, where
 * they stay when the packet goes on to another port with a vnet header: a superframe is forwarded without a byte of it
 * being touched. What the kernel does not take at once waits here, and {@link #room} tells the graph to leave the rest in
 * the other port's receive queue.
 */
final class PacketQueue implements PortQueue, MessageSender.Destination {
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINVAL = Errno.EINVAL.intValue();

    private final Fd socket;
    private final int fdNumber;
    private final FramePool pool;
    private final Counters counters;
    private VlanTags vlanTags;
    private final int vnet;
    private final int depth;
    private final ReceiveRing ring;
    private final SendRing sendRing;
    private final boolean large;
    private ReceiveSlots slots;
    private Messages in;
    private final Backlog backlog;
    private final MessageSender sender;

    /** The pool had no frame at the last poll. */
    private boolean starved;

    /** Received in this poll. */
    private long bytes;

    /**
     * @param socket consumed
     * @param ring consumed; null: none
     * @param sendRing consumed; null: none, else with a vnet header
     * @param large whether frames that hold superframes are there
     * @param slots shared with the thread's other sockets of the same frame size and vnet header
     * @param vnet bytes of virtio_net_hdr that the socket has: 0 or 10
     * @param depth most packets a receive call takes, 1..256
     * @param maxFrame longest frame without offloads, in bytes
     */
    PacketQueue(
            Fd socket,
            ReceiveRing ring,
            SendRing sendRing,
            FramePool pool,
            boolean large,
            ReceiveSlots slots,
            Counters counters,
            int vnet,
            int depth,
            int maxFrame) {
        this.socket = socket;
        this.fdNumber = socket.number();
        this.ring = ring;
        this.sendRing = sendRing;
        this.pool = pool;
        this.large = large;
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
        int most = Math.min(limit, depth);
        bytes = 0;
        starved = false;
        int n = ring == null ? receive(vector, most) : readRing(vector, most);
        if (n > 0) {
            counters.add(PortCounter.RX_PACKETS, n);
            counters.add(PortCounter.RX_BYTES, bytes);
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return vector.count;
    }

    /** Takes what the ring has, in its order, and from the receive queue what is there; returns how many frames it was. */
    private int readRing(Vector vector, int most) {
        int n = 0;
        for (int status = ring.status(); n < most && status != 0 && !starved; status = ring.status()) {
            if ((status & ReceiveRing.COPY) == 0) {
                n += takeSlot(status, vector);
            } else {
                int done = receiveCopied(vector, ring.copied(most - n));
                if (done == 0) {
                    break;
                }
                n += done;
            }
        }
        return n;
    }

    /** Copies the frame of the next slot into one of the pool, its VLAN tag put back; returns 0 if the pool has none. */
    private int takeSlot(int status, Vector vector) {
        int from = ring.frame(vnet);
        int length = ring.captured();
        if (from == -1 || length < FrameLimits.ETHERNET_HEADER) {
            counters.add(PortCounter.RX_DROP_MALFORMED, 1);
            bytes += from == -1 ? 0 : length;
            ring.release(1);
            return 1;
        }
        boolean fits = length <= pool.room() - FrameLimits.VLAN_TAG;
        if (length != ring.length() || (!fits && !large)) {
            counters.add(PortCounter.RX_DROP_TRUNCATED, 1);
            bytes += length;
            ring.release(1);
            return 1;
        }
        int frame = fits ? pool.take() : pool.takeLarge();
        if (frame == FramePool.NONE) {
            starved = true;
            return 0;
        }
        int to = frame + FramePool.HEADROOM;
        pool.bytes().put(to - vnet, ring.bytes(), from - vnet, length + vnet);
        int grown = VlanTags.restore(pool.bytes(), to, vnet, status, ring.tpid(), ring.tci());
        ring.release(1);
        vector.add(to - grown, length + grown, vnet > 0 ? Vector.VNET : 0);
        bytes += length + grown;
        return 1;
    }

    /** Receives the frames of the next {@code n} slots, which wait in the receive queue; returns how many it was. */
    private int receiveCopied(Vector vector, int n) {
        int received = receive(vector, n);
        if (received < 0) {
            int errno = Native.errno();
            if (errno != EAGAIN && errno != EINVAL) {
                return 0; // ENETDOWN and the like, told once: the frame is still there
            }
            counters.add(PortCounter.RX_DROP_TRUNCATED, 1);
            received = 1;
        }
        ring.release(received);
        return received;
    }

    /** Receives at most {@code most} messages; returns how many, or -1 for an error. */
    private int receive(Vector vector, int most) {
        int want = slots.ready(most);
        starved = want == 0;
        if (starved) {
            return 0;
        }
        counters.add(PortCounter.RX_CALLS, 1);
        int n = LIBC.recvmmsg(fdNumber, slots.address(), want, MSG_DONTWAIT, 0);
        if (n <= 0) {
            return n;
        }
        int first = slots.first();
        for (int slot = first; slot < first + n; slot++) {
            bytes += take(slot, vector);
        }
        slots.consumed(n);
        return n;
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
        if (sendRing == null) {
            return sender.flush();
        }
        int moved = 0;
        while (backlog.waiting() > 0) {
            boolean small = sendRing.takes(backlog, 0);
            int run = run(small);
            int done = small ? sendRing.send(backlog, run, counters) : sender.flush(run);
            moved += done;
            if (done < run) {
                break;
            }
        }
        return moved;
    }

    /** How many of the backlog's first packets go one way: through the ring, or as messages. The other way waits for it. */
    private int run(boolean small) {
        int n = 1;
        while (n < backlog.waiting() && sendRing.takes(backlog, n) == small) {
            n++;
        }
        return n;
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
    public Rings rings() {
        return new Rings(ring == null ? 0 : ring.slots(), sendRing == null ? 0 : sendRing.slots(), 0, 0);
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
        if (ring != null) {
            ring.close();
        }
        if (sendRing != null) {
            sendRing.close();
        }
        socket.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
