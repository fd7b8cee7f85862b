package io.sluice.worker.port.packet;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import jnr.constants.platform.Errno;

/** Sends a backlog by sendmmsg(2), a packet a message, a vector a call. */
public final class MessageSender {
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();
    private static final int ENETDOWN = Errno.ENETDOWN.intValue();

    /** No socket to send on. */
    public static final int NONE = -1;

    /** Where messages go. */
    public interface Destination {
        /** The socket's number, or {@link #NONE}; asked again after each failure. */
        int socket();

        /** The kernel has refused a message for {@code errno}; returns how its packet is counted. */
        PortCounter refused(int errno);
    }

    private final FramePool pool;
    private final Counters counters;
    private final Backlog backlog;
    private final int vnet;
    private final Destination destination;
    private Messages out;

    /**
     * @param vnet bytes of virtio_net_hdr before each packet: 0 or 10
     * @param out filled anew at each flush, so that all of a thread's senders can have the same
     */
    public MessageSender(
            FramePool pool, Counters counters, Backlog backlog, int vnet, Destination destination, Messages out) {
        this.pool = pool;
        this.counters = counters;
        this.backlog = backlog;
        this.vnet = vnet;
        this.destination = destination;
        this.out = out;
    }

    /** Sends by these messages from now on, those of another thread. */
    public void by(Messages outgoing) {
        out = outgoing;
    }

    /** Sends as much as the kernel takes; returns how many packets left the backlog, by being sent or dropped. */
    public int flush() {
        return flush(backlog.waiting());
    }

    /** The same with the first {@code most} packets alone. */
    int flush(int most) {
        int moved = 0;
        while (moved < most) {
            int n = Math.min(most - moved, Vector.CAPACITY);
            for (int i = 0; i < n; i++) {
                out.data(i, pool.address() + backlog.offset(i) - vnet, backlog.length(i) + vnet);
            }
            int done = sendAll(n);
            moved += done;
            if (done < n) {
                break;
            }
        }
        return moved;
    }

    private int sendAll(int n) {
        int done = 0;
        int socket = destination.socket();
        boolean wasDown = false;
        while (done < n && socket != NONE) {
            counters.add(PortCounter.TX_CALLS, 1);
            int sent = LIBC.sendmmsg(socket, out.address(done), n - done, MSG_DONTWAIT_NOSIGNAL);
            if (sent > 0) {
                backlog.sent(sent);
                done += sent;
                continue;
            }
            int errno = Native.errno();
            if (errno == EAGAIN || errno == EINTR) {
                counters.add(PortCounter.TX_STALLS, 1);
                break;
            }
            if (errno == ENETDOWN && !wasDown) {
                wasDown = true; // told once, and maybe the device is up again
                continue;
            }
            // ENOBUFS, ENETDOWN, EMSGSIZE, EINVAL...: this one packet is refused, the next may not be.
            backlog.dropped(1, destination.refused(errno));
            socket = destination.socket();
            done++;
        }
        return done;
    }
}
