package io.sluice.worker.port.stream;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.constants.platform.Errno;

/**
 * Writes a backlog to a stream, up to a vector a call. Each packet's length goes into the 4 bytes of headroom before it, so
 * that the two are one piece. What a call takes may end anywhere; the next goes on there.
 */
final class StreamSender {
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();
    private static final int PREFIX = 4;
    private static final int PIECES = 256;
    private static final int MSGHDR = 56;
    private static final int IOVEC = 16;

    private final FramePool pool;
    private final Counters counters;
    private final Backlog backlog;

    /** A msghdr, and behind it its iovecs {base, length}. */
    private final ByteBuffer message = Native.allocate(MSGHDR + PIECES * IOVEC);

    private final long address = Native.address(message);

    /** Bytes of the first packet, and its length, that have been written. */
    private int written;

    StreamSender(FramePool pool, Counters counters, Backlog backlog) {
        this.pool = pool;
        this.counters = counters;
        this.backlog = backlog;
        message.putLong(16, address + MSGHDR);
    }

    /**
     * Writes as much as the kernel takes.
     *
     * @return 0, or the errno that ended the connection
     */
    int flush(int socket) {
        while (backlog.waiting() > 0) {
            long asked = prepare();
            counters.add(PortCounter.TX_CALLS, 1);
            long sent = LIBC.sendmsg(socket, address, MSG_DONTWAIT_NOSIGNAL);
            if (sent > 0) {
                finish(sent);
            } else {
                int errno = Native.errno();
                if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                    return errno;
                }
            }
            if (sent < asked) {
                counters.add(PortCounter.TX_STALLS, 1);
                break;
            }
        }
        return 0;
    }

    /** Returns how many bytes are to be written. */
    private long prepare() {
        int n = Math.min(backlog.waiting(), PIECES);
        long sum = 0;
        for (int i = 0; i < n; i++) {
            int skip = i == 0 ? written : 0;
            int length = backlog.length(i);
            int from = backlog.offset(i) - PREFIX;
            ByteBuffer bytes = pool.bytes();
            bytes.putInt(from, bytes.order() == ByteOrder.BIG_ENDIAN ? length : Integer.reverseBytes(length));
            int piece = PREFIX + length - skip;
            message.putLong(MSGHDR + i * IOVEC, pool.address() + from + skip);
            message.putLong(MSGHDR + i * IOVEC + 8, piece);
            sum += piece;
        }
        message.putLong(24, n);
        return sum;
    }

    private void finish(long sent) {
        long left = sent + written;
        int whole = 0;
        while (whole < backlog.waiting() && left >= PREFIX + backlog.length(whole)) {
            left -= PREFIX + backlog.length(whole);
            whole++;
        }
        written = (int) left;
        backlog.sent(whole);
    }

    /** The next stream begins with a whole packet. */
    void reset() {
        written = 0;
    }
}
