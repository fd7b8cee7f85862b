package io.sluice.worker.port.message;

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
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.PeerWatch;
import io.sluice.worker.port.packet.MessageSender;
import io.sluice.worker.port.packet.Messages;
import io.sluice.worker.port.packet.ReceiveSlots;
import io.sluice.worker.sys.Waiter;
import jnr.constants.platform.Errno;

/**
 * One bare frame a message, a vector a system call each way. A message without bytes is never sent: QEMU stops receiving at
 * one, for good. While there is no peer, what is to be sent is dropped and counted, as on a cable that is not plugged in.
 */
final class MessageQueue implements PortQueue, MessageSender.Destination {
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();

    private final PeerWatch peer;
    private final Line line;
    private final FramePool pool;
    private final Counters counters;
    private ReceiveSlots slots;
    private Messages in;
    private final int depth;
    private final Backlog backlog;
    private final MessageSender sender;

    /** The pool had no frame at the last poll. */
    private boolean starved;

    /**
     * @param line consumed
     * @param slots without control data
     * @param depth most packets a receive call takes, 1..256
     * @param maxFrame longest frame, in bytes
     */
    MessageQueue(Line line, FramePool pool, ReceiveSlots slots, Counters counters, int depth, int maxFrame) {
        this.peer = new PeerWatch(line, counters);
        this.line = line;
        this.pool = pool;
        this.counters = counters;
        this.slots = slots;
        this.in = slots.messages();
        this.depth = depth;
        this.backlog = new Backlog(pool, counters, false, maxFrame);
        this.sender = new MessageSender(pool, counters, backlog, 0, this, slots.outgoing());
    }

    @Override
    public int poll(Vector vector, int limit) {
        int socket = peer.attend();
        if (socket == Line.NONE) {
            starved = false;
            return 0;
        }
        int want = slots.ready(Math.min(limit, depth));
        starved = want == 0;
        if (starved) {
            return 0;
        }
        int n = receive(socket, want);
        return n <= 0 ? 0 : takeAll(n, vector);
    }

    private int receive(int socket, int want) {
        counters.add(PortCounter.RX_CALLS, 1);
        int n = LIBC.recvmmsg(socket, slots.address(), want, MSG_DONTWAIT, 0);
        if (n >= 0) {
            return n;
        }
        int errno = Native.errno();
        if (errno == EAGAIN || errno == EINTR) {
            return 0;
        }
        peer.lostBy(errno);
        if (line.socket() != socket) {
            return 0;
        }
        // What a datagram socket reports here was the fate of an earlier message; more may lie behind it.
        counters.add(PortCounter.RX_CALLS, 1);
        return LIBC.recvmmsg(socket, slots.address(), want, MSG_DONTWAIT, 0);
    }

    private int takeAll(int n, Vector vector) {
        long bytes = 0;
        int first = slots.first();
        int taken = 0;
        boolean ended = false;
        while (taken < n && !ended) {
            int slot = first + taken;
            ended = in.length(slot) == 0 && line.ends() && peer.hungUp();
            if (!ended) {
                bytes += take(slot, vector);
                taken++;
            }
        }
        slots.consumed(taken);
        if (ended) {
            peer.lost();
        }
        if (taken > 0) {
            counters.add(PortCounter.RX_PACKETS, taken);
            counters.add(PortCounter.RX_BYTES, bytes);
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return vector.count;
    }

    private int take(int slot, Vector vector) {
        int offset = slots.offset(slot);
        int length = in.length(slot);
        if (in.truncated(slot)) {
            drop(PortCounter.RX_DROP_TRUNCATED, offset);
        } else if (length < FrameLimits.ETHERNET_HEADER) {
            drop(PortCounter.RX_DROP_MALFORMED, offset);
        } else {
            vector.add(offset, length, 0);
        }
        return length;
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    @Override
    public boolean offloads() {
        return false;
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
        int moved = sender.flush();
        if (line.socket() == Line.NONE && backlog.waiting() > 0) {
            moved += backlog.waiting();
            backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_NO_PEER);
        }
        return moved;
    }

    @Override
    public int socket() {
        return line.socket();
    }

    @Override
    public PortCounter refused(int errno) {
        return peer.lostBy(errno) ? PortCounter.TX_DROP_NO_PEER : PortCounter.TX_DROP_REFUSED;
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
        return line.fd();
    }

    @Override
    public void move(Home home) {
        line.move(home.lookout());
        pool.move(home.pool());
        slots = home.messageSlots(slots.large());
        in = slots.messages();
        sender.by(slots.outgoing());
    }

    @Override
    public void waiter(Waiter waiter) {
        line.waiter(waiter);
    }

    @Override
    public void close() {
        backlog.close();
        peer.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
