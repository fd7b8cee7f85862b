package io.sluice.worker.port.stream;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Backlog;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.PeerWatch;
import io.sluice.worker.sys.Waiter;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/** Frames over one stream at a time. One that has ended, or can't be read, is followed by the next that the line gets. */
final class StreamQueue implements PortQueue {
    private static final int MSG_DONTWAIT = 0x40;
    private static final int EAGAIN = Errno.EAGAIN.intValue();
    private static final int EINTR = Errno.EINTR.intValue();

    /** Bytes that a call receives at most: a vector of full frames would be three times that, and out of the cache. */
    private static final int BUFFER = 128 * 1024;

    private final PeerWatch peer;
    private final Line line;
    private final FramePool pool;
    private final Counters counters;
    private final int depth;
    private final Backlog backlog;
    private final FrameParser parser;
    private final StreamSender sender;

    /** Made when the first bytes may come: 128 KiB that a port without a peer does without. */
    private ByteBuffer buffer;

    private long bufferAddress;

    /** What has been received and not yet parsed. */
    private int from;

    private int to;

    /** The last call brought bytes, so that there may be more. */
    private boolean more;

    /**
     * @param line consumed
     * @param large whether to receive into large frames
     * @param depth most packets a poll takes, 1..256
     * @param maxFrame longest frame to send, in bytes
     */
    StreamQueue(Line line, FramePool pool, Counters counters, boolean large, int depth, int maxFrame) {
        this.peer = new PeerWatch(line, counters);
        this.line = line;
        this.pool = pool;
        this.counters = counters;
        this.depth = depth;
        this.backlog = new Backlog(pool, counters, false, maxFrame);
        this.parser = new FrameParser(pool, counters, large);
        this.sender = new StreamSender(pool, counters, backlog);
    }

    @Override
    public int poll(Vector vector, int limit) {
        int socket = peer.attend();
        if (socket == Line.NONE) {
            return 0;
        }
        if (from == to && !receive(socket)) {
            return 0;
        }
        from = parser.feed(buffer, from, to, vector, Math.min(limit, depth));
        if (parser.broken()) {
            end();
        }
        if (vector.count > 0) {
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return vector.count;
    }

    /** @return whether bytes came */
    private boolean receive(int socket) {
        if (buffer == null) {
            buffer = Native.allocate(BUFFER);
            bufferAddress = Native.address(buffer);
        }
        counters.add(PortCounter.RX_CALLS, 1);
        long n = LIBC.recv(socket, bufferAddress, BUFFER, MSG_DONTWAIT);
        more = n > 0;
        if (more) {
            from = 0;
            to = (int) n;
            return true;
        }
        int errno = n == 0 ? 0 : Native.errno();
        if (errno != EAGAIN && errno != EINTR) { // 0: the peer has ended it
            end();
        }
        return false;
    }

    /** The stream is over: what was under way on it is lost, both ways. */
    private void end() {
        peer.lost();
        parser.reset();
        sender.reset();
        from = 0;
        to = 0;
        more = false;
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
        int before = backlog.waiting();
        if (before > 0 && line.socket() != Line.NONE && sender.flush(line.socket()) != 0) {
            backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_NO_PEER);
            end();
        }
        if (line.socket() == Line.NONE) {
            backlog.dropped(backlog.waiting(), PortCounter.TX_DROP_NO_PEER);
        }
        return before - backlog.waiting();
    }

    @Override
    public int queued() {
        return backlog.waiting();
    }

    @Override
    public boolean pending() {
        return backlog.waiting() > 0 || from < to || more;
    }

    @Override
    public Fd fd() {
        return line.fd();
    }

    @Override
    public void move(Home home) {
        line.move(home.lookout());
        pool.move(home.pool());
    }

    @Override
    public void waiter(Waiter waiter) {
        line.waiter(waiter);
    }

    @Override
    public void close() {
        backlog.close();
        parser.reset();
        peer.close();
    }

    @Override
    public void reclaim() {
        // All frames came back with close(): the kernel copies, it holds none.
    }
}
