package io.sluice.worker.port.tunnel;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import jnr.constants.platform.Errno;

/**
 * The sending half of an underlay: one queue for the packets of all its tunnels, a vector of them a system call. Packets in
 * a row that are equally long and go to the same peer, as the segments of a superframe do, are one message of the call.
 */
final class Sender {
    /** Packets that wait at most. */
    static final int CAPACITY = 1024;

    private static final int MASK = CAPACITY - 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();
    private static final int EIO = Errno.EIO.intValue();
    private static final int EINVAL = Errno.EINVAL.intValue();
    private static final int EMSGSIZE = Errno.EMSGSIZE.intValue();
    private static final int ECONNREFUSED = Errno.ECONNREFUSED.intValue();

    /** UDP_MAX_SEGMENTS of linux/udp.h, and what a UDP datagram over IPv4 holds. */
    private static final int MAX_SEGMENTS = 64;

    private static final int MAX_MESSAGE = 65_507;

    private final int fd;
    private final boolean connected;
    private final FramePool pool;
    private final Counters counters;
    private final SendMessages messages = new SendMessages(Vector.CAPACITY);
    private final int[] offset = new int[CAPACITY];
    private final int[] length = new int[CAPACITY];
    private final TunnelQueue[] owner = new TunnelQueue[CAPACITY];
    private int head;
    private int waiting;

    /** Longest packet that goes together with others; what is longer the path or the device has refused so. */
    private int longestSegment;

    /** @param segments whether the kernel cuts messages (UDP_SEGMENT) */
    Sender(int fd, boolean connected, boolean segments, FramePool pool, Counters counters) {
        this.fd = fd;
        this.connected = connected;
        this.pool = pool;
        this.counters = counters;
        this.longestSegment = segments ? MAX_MESSAGE : 0;
    }

    int waiting() {
        return waiting;
    }

    /** Queues a packet with its tunnel header; there must be room. */
    void add(TunnelQueue queue, int packetOffset, int packetLength) {
        int at = (head + waiting) & MASK;
        offset[at] = packetOffset;
        length[at] = packetLength;
        owner[at] = queue;
        waiting++;
    }

    /** Gives the kernel what it takes; returns the packets that left, by being sent or refused. */
    int flush() {
        int before = waiting;
        boolean going = true;
        while (waiting > 0 && going) {
            build(Math.min(waiting, Vector.CAPACITY));
            going = sendAll();
        }
        return before - waiting;
    }

    private void build(int n) {
        messages.clear();
        for (int done = 0; done < n; ) {
            int first = (head + done) & MASK;
            Peer peer = owner[first].peer();
            if (connected) {
                messages.begin(0, 0);
            } else {
                messages.begin(peer.sockaddr(), peer.sockaddrLength());
            }
            int run = run(first, n - done);
            for (int k = 0; k < run; k++) {
                int at = (first + k) & MASK;
                messages.add(pool.address() + offset[at], length[at]);
            }
            messages.end(length[first]);
            done += run;
        }
    }

    /** How many packets from {@code first} on can be one message: equal ones, and one shorter at the end. */
    private int run(int first, int most) {
        int segment = length[first];
        if (segment > longestSegment) {
            return 1;
        }
        int total = segment;
        int n = 1;
        int limit = Math.min(most, MAX_SEGMENTS);
        while (n < limit) {
            int at = (first + n) & MASK;
            if (length[at] > segment || total + length[at] > MAX_MESSAGE || owner[at].peer() != owner[first].peer()) {
                break;
            }
            total += length[at];
            n++;
            if (length[at] < segment) {
                break;
            }
        }
        return n;
    }

    /** Sends the messages as built; false if the kernel takes no more now. A call counts for whose packet is its first. */
    private boolean sendAll() {
        int done = 0;
        boolean again = true;
        while (done < messages.count()) {
            Counters caller = owner[head].counters();
            caller.add(PortCounter.TX_CALLS, 1);
            int sent = LIBC.sendmmsg(fd, messages.address(done), messages.count() - done, MSG_DONTWAIT);
            if (sent > 0) {
                for (int i = done; i < done + sent; i++) {
                    finish(messages.packets(i), PortCounter.TX_PACKETS);
                }
                done += sent;
                again = true;
                continue;
            }
            int errno = Native.errno();
            if (errno == EAGAIN || errno == EINTR) {
                caller.add(PortCounter.TX_STALLS, 1);
                return false;
            }
            if (errno == ECONNREFUSED && again) { // told of an earlier packet; this one was not looked at
                counters.add(PortCounter.TX_UNREACHABLE, 1);
                again = false;
                continue;
            }
            if (messages.packets(done) > 1 && (errno == EIO || errno == EMSGSIZE || errno == EINVAL)) {
                // The path's MTU is below a segment, or the device can't (EIO): one by one, from this length on.
                longestSegment = errno == EIO ? 0 : length[head] - 1;
                return true;
            }
            PortCounter fate = errno == EMSGSIZE ? PortCounter.TX_DROP_PATH_MTU : PortCounter.TX_DROP_REFUSED;
            finish(messages.packets(done), fate);
            done++;
        }
        return true;
    }

    /** The first {@code n} packets have had this fate. */
    private void finish(int n, PortCounter fate) {
        for (int done = 0; done < n; ) {
            TunnelQueue queue = owner[head];
            long bytes = 0;
            int same = 0;
            while (done < n && owner[head] == queue) {
                bytes += length[head];
                pool.give(offset[head]);
                owner[head] = null;
                head = (head + 1) & MASK;
                waiting--;
                same++;
                done++;
            }
            queue.finished(same, bytes, fate);
            if (n > 1 && fate == PortCounter.TX_PACKETS) {
                queue.counters().add(PortCounter.TX_GSO, same);
            }
        }
    }

    /** Takes the packets of one tunnel out and frees their frames. Cold. */
    void drop(TunnelQueue queue) {
        int kept = 0;
        for (int i = 0; i < waiting; i++) {
            int at = (head + i) & MASK;
            if (owner[at] == queue) {
                pool.give(offset[at]);
            } else {
                int to = (head + kept++) & MASK;
                offset[to] = offset[at];
                length[to] = length[at];
                owner[to] = owner[at];
            }
        }
        for (int i = kept; i < waiting; i++) {
            owner[(head + i) & MASK] = null;
        }
        waiting = kept;
    }
}
