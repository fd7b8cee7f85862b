package io.sluice.worker.port.tunnel;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import jnr.constants.platform.Errno;

/**
 * The receiving half of an underlay: a vector of messages a system call, each into a frame of the pool with its tunnel
 * header ahead, so that taking the header off only moves the packet's offset.
 *
 * <pre>
 *  a message:  | frame of the pool, as far as it goes | spill, for what is longer: 64 KiB that belong to the slot |
 * </pre>
 *
 * What is longer than a frame is a jumbo frame or several datagrams that the kernel has joined (UDP_GRO). The first of
 * them stays where it is, the others are copied to frames of their own, because each packet must be freed on its own: 30 ns
 * for 1500 bytes, where a datagram alone costs the kernel twenty times that.
 */
final class Receiver {
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();
    private static final int SLOTS = 64;
    private static final int SPILL = 64 * 1024;
    private static final int IPV4_HEADER = 20;

    private final Underlay underlay;
    private final int fd;
    private final boolean outerHeader;
    private final FramePool pool;
    private final ByteBuffer bytes;
    private final Counters counters;
    private final ByteBuffer spill = Native.allocate(SLOTS * SPILL);
    private final ReceiveMessages messages = new ReceiveMessages(SLOTS, spill, SPILL);
    private final int[] frames = new int[SLOTS];

    private final int[] homes = new int[SLOTS];

    /**
     * The tunnel of each message; null if it has none, or several as its packets were joined. As objects: what stores or loads
     * a TunnelQueue looks at its class, and so waits for the memory.
     */
    private final Object[] tunnels = new Object[SLOTS];

    /** Messages of the next call: fewer if the last brought more packets than a vector, as joined ones do. */
    private int batch = 8;

    private boolean starved;
    private boolean more;

    /** Of no meaning, but what leaves no trace the compiler leaves out. */
    private long warmed;

    /** @param outerHeader whether packets begin with their IPv4 header, as those of IPv4 raw sockets do */
    Receiver(Underlay underlay, int fd, boolean outerHeader, FramePool pool, Counters counters) {
        this.underlay = underlay;
        this.fd = fd;
        this.outerHeader = outerHeader;
        this.pool = pool;
        this.bytes = pool.bytes();
        this.counters = counters;
        Arrays.fill(frames, FramePool.NONE);
    }

    /** Receives once; returns the packets that came. */
    int receive() {
        more = false;
        int ready = fill();
        starved = ready == 0;
        if (starved) {
            return 0;
        }
        int n = LIBC.recvmmsg(fd, messages.address(), ready, MSG_DONTWAIT, 0);
        if (n < 0) {
            counters.add(PortCounter.RX_CALLS, 1);
            failed();
            return 0;
        }
        int packets = take(n);
        more = n == ready;
        if (packets > Vector.CAPACITY) {
            batch = Math.max(1, batch / 2);
        } else if (n == batch) {
            batch = Math.min(SLOTS, batch * 2);
        }
        return packets;
    }

    /** Hands on the packets of {@code n} messages. */
    private int take(int n) {
        if (underlay.isWide()) {
            findWide(n);
        } else {
            findAll(n);
        }
        TunnelQueue first = (TunnelQueue) tunnels[0];
        (first == null ? counters : first.counters()).add(PortCounter.RX_CALLS, 1);
        int packets = 0;
        for (int i = 0; i < n; i++) {
            packets += take(i, (TunnelQueue) tunnels[i]);
            messages.offer(i);
            tunnels[i] = null;
        }
        return packets;
    }

    private void findAll(int n) {
        for (int i = 0; i < n; i++) {
            tunnels[i] = isPlain(i) ? find(i) : null;
        }
    }

    /**
     * With ten thousand tunnels each packet's is somewhere in the last cache or behind. Loops that do nothing but read wait for
     * the memory of many packets at once, where handing on one packet after the other would wait for each.
     */
    private void findWide(int n) {
        long sum = 0;
        for (int i = 0; i < n; i++) {
            int at = frames[i] + FramePool.HEADROOM + (outerHeader ? IPV4_HEADER : 0);
            homes[i] = underlay.home(messages.high(i), messages.low(i), messages.port(i), at, FramePool.HEADROOM);
        }
        for (int i = 0; i < n; i++) {
            sum += underlay.touch(homes[i]);
        }
        findAll(n);
        for (int i = 0; i < n; i++) {
            sum += tunnels[i] == null ? 0 : ((TunnelQueue) tunnels[i]).touch();
        }
        for (int i = 0; i < n; i++) {
            sum += tunnels[i] == null ? 0 : ((TunnelQueue) tunnels[i]).touchMore();
        }
        for (int i = 0; i < n; i++) {
            sum += tunnels[i] == null ? 0 : ((TunnelQueue) tunnels[i]).touchDirect();
        }
        warmed += sum;
    }

    /** Whether message {@code i} is one whole packet in one frame. */
    private boolean isPlain(int i) {
        return !messages.truncated(i) && messages.length(i) <= pool.room() && messages.segment(i) == 0;
    }

    /** The tunnel of the one packet of message {@code i}; null if there is none. */
    private Object find(int i) {
        int at = frames[i] + FramePool.HEADROOM;
        int length = messages.length(i);
        int outer = outerHeader ? ipHeader(at, length) : 0;
        return outer > length ? null : find(i, at + outer, length - outer);
    }

    private Object find(int i, int at, int length) {
        return underlay.find(messages.high(i), messages.low(i), messages.port(i), at, length);
    }

    private void failed() {
        int errno = Native.errno();
        if (errno != EAGAIN && errno != EINTR) { // what ICMP said of something that was sent before
            counters.add(PortCounter.TX_UNREACHABLE, 1);
        }
    }

    private int fill() {
        for (int i = 0; i < batch; i++) {
            if (frames[i] == FramePool.NONE) {
                frames[i] = pool.take();
                if (frames[i] == FramePool.NONE) {
                    return i;
                }
                messages.data(i, pool.address() + frames[i] + FramePool.HEADROOM, pool.room());
            }
        }
        return batch;
    }

    /** Hands on the packets of message {@code i}; returns how many there were. */
    private int take(int i, TunnelQueue tunnel) {
        int at = frames[i] + FramePool.HEADROOM;
        int total = messages.length(i);
        if (tunnel != null) {
            int outer = outerHeader ? ipHeader(at, total) : 0;
            if (tunnel.strip(at + outer, total - outer)) {
                frames[i] = FramePool.NONE;
            }
            return 1;
        }
        if (messages.truncated(i)) {
            underlay.drop(PortCounter.RX_DROP_TRUNCATED);
            return 1;
        }
        if (!isPlain(i)) {
            return split(i, total, messages.segment(i) > 0 ? messages.segment(i) : total);
        }
        if (deliver(i, at, total)) {
            frames[i] = FramePool.NONE;
        }
        return 1;
    }

    private int split(int i, int total, int segment) {
        boolean kept = false;
        int n = 0;
        for (int from = 0; from < total; from += segment, n++) {
            int length = Math.min(segment, total - from);
            if (from == 0 && length <= pool.room()) {
                kept = deliver(i, frames[i] + FramePool.HEADROOM, length);
                continue;
            }
            int frame = length <= pool.room() ? pool.take() : pool.takeLarge();
            if (frame == FramePool.NONE) {
                underlay.drop(PortCounter.RX_DROP_NO_FRAME);
                continue;
            }
            copy(i, from, length, frame + FramePool.HEADROOM);
            if (!deliver(i, frame + FramePool.HEADROOM, length)) {
                pool.give(frame);
            }
        }
        if (kept) {
            frames[i] = FramePool.NONE;
        }
        counters.add(PortCounter.RX_GRO, n > 1 ? n : 0);
        return n;
    }

    /** Copies a part of message {@code i}, which may lie in its frame, in its spill or in both. */
    private void copy(int i, int from, int length, int to) {
        int inFrame = Math.max(0, Math.min(length, pool.room() - from));
        if (inFrame > 0) {
            bytes.put(to, bytes, frames[i] + FramePool.HEADROOM + from, inFrame);
        }
        if (inFrame < length) {
            int fromSpill = i * SPILL + from + inFrame - pool.room();
            bytes.put(to + inFrame, spill, fromSpill, length - inFrame);
        }
    }

    /** Hands on one packet of message {@code i}'s sender; returns whether it has taken the frame. */
    private boolean deliver(int i, int at, int length) {
        int outer = outerHeader ? ipHeader(at, length) : 0;
        if (outer > length) {
            underlay.drop(PortCounter.RX_DROP_SHORT);
            return false;
        }
        TunnelQueue tunnel = (TunnelQueue) find(i, at + outer, length - outer);
        return tunnel == null
                ? underlay.refuse(messages.high(i), messages.low(i), at + outer, length - outer)
                : tunnel.strip(at + outer, length - outer);
    }

    /** Bytes of the IPv4 header; more than there are if it is cut off. */
    private int ipHeader(int at, int length) {
        return length < IPV4_HEADER ? Integer.MAX_VALUE : Math.max(IPV4_HEADER, (bytes.get(at) & 0xf) * 4);
    }

    long warmed() {
        return warmed;
    }

    /** Whether the last call brought as much as it had room for. */
    boolean hasMore() {
        return more;
    }

    boolean isStarved() {
        return starved;
    }

    /** Frees the frames that wait to be received into. */
    void close() {
        for (int i = 0; i < SLOTS; i++) {
            if (frames[i] != FramePool.NONE) {
                pool.give(frames[i]);
                frames[i] = FramePool.NONE;
            }
        }
    }
}
