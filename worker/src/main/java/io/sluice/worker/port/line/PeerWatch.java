package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/** A line as a queue uses it: counts how often peers come and go, and knows by which errors a peer has gone. */
public final class PeerWatch implements AutoCloseable {
    private static final short POLLRDHUP = 0x2000;
    private static final short POLLHUP = 16;
    private static final int ECONNREFUSED = Errno.ECONNREFUSED.intValue();
    private static final int ENOTCONN = Errno.ENOTCONN.intValue();
    private static final int EPIPE = Errno.EPIPE.intValue();
    private static final int ECONNRESET = Errno.ECONNRESET.intValue();
    private static final int ETIMEDOUT = Errno.ETIMEDOUT.intValue();
    private static final int EDESTADDRREQ = Errno.EDESTADDRREQ.intValue();
    private static final int ENOENT = Errno.ENOENT.intValue();

    private final Line line;
    private final Counters counters;
    private final ByteBuffer poll = Native.allocate(8);
    private boolean connected;

    /** @param line consumed */
    public PeerWatch(Line line, Counters counters) {
        this.line = line;
        this.counters = counters;
        this.connected = line.connected();
    }

    /** The line. */
    public Line line() {
        return line;
    }

    /** Number of the socket to use now, or -1, after having looked for a peer. */
    public int attend() {
        line.attend();
        count();
        return line.socket();
    }

    /** The peer has gone. */
    public void lost() {
        line.lost();
        count();
    }

    private void count() {
        boolean now = line.connected();
        if (now != connected) {
            connected = now;
            counters.add(now ? PortCounter.PEER_CONNECTED : PortCounter.PEER_LOST, 1);
        }
    }

    /** Whether a call failed with {@code errno} because nobody is at the other end; then that is noted. */
    public boolean lostBy(int errno) {
        boolean gone = errno == ECONNREFUSED
                || errno == ENOTCONN
                || errno == EPIPE
                || errno == ECONNRESET
                || errno == ETIMEDOUT
                || errno == EDESTADDRREQ
                || errno == ENOENT;
        if (gone) {
            lost();
        }
        return gone;
    }

    /** Whether the peer will send no more: a message without bytes is the end then. */
    public boolean hungUp() {
        poll.putInt(0, line.socket()).putShort(4, POLLRDHUP).putShort(6, (short) 0);
        return LIBC.poll(poll, 1, 0) > 0 && (poll.getShort(6) & (POLLRDHUP | POLLHUP)) != 0;
    }

    @Override
    public void close() {
        line.close();
    }
}
