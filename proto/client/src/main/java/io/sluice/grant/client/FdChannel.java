package io.sluice.grant.client;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;
import jnr.ffi.types.ssize_t;

/**
 * A channel that takes descriptors, and can wait. The kernel never merges a message that carries descriptors with the next
 * one, and no read goes past the end of a frame, so descriptors that come during a frame belong to it.
 */
public final class FdChannel extends FrameChannel {
    /** The C functions that a client has beyond those of every channel. Public for jnr-ffi only. */
    public interface Calls {
        @ssize_t
        long recvmsg(int fd, ByteBuffer header, int flags);

        int poll(ByteBuffer pollfds, long count, int timeoutMs);

        int shutdown(int fd, int how);
    }

    private static final Calls CALLS = Native.libc(Calls.class);
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SHUT_RDWR = 2;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;

    private final ReceivedHeader header = new ReceivedHeader(MAX_FDS);
    private final ByteBuffer pollfd = Native.allocate(8);
    private List<Fd> fds = new ArrayList<>();

    /** As {@link FrameChannel}. */
    public FdChannel(Fd socket, int maxReceive) throws SyscallException {
        super(socket, maxReceive);
    }

    /**
     * Reads what has arrived.
     *
     * @return a frame, which the caller owns, or null if none is complete yet
     * @throws EOFException the peer closed between frames
     * @throws ProtocolException the peer closed within a frame, or sent an oversized frame, or descriptors were
     *     lost or too many
     */
    public Frame receiveFrame() throws IOException {
        byte[] body = receive();
        if (body == null) {
            return null;
        }
        Frame frame = new Frame(body, List.copyOf(fds));
        fds = new ArrayList<>();
        return frame;
    }

    @Override
    protected long read(ByteBuffer to, int most) throws IOException {
        header.payload(to, most);
        header.offerControl();
        long n = CALLS.recvmsg(socket().number(), header.memory(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n == -1) {
            return n;
        }
        fds.addAll(header.takeFds());
        if (fds.size() > MAX_FDS) { // several messages, within one frame
            throw new ProtocolException("more than " + MAX_FDS + " descriptors with one frame");
        }
        if ((header.flags() & MSG_CTRUNC) != 0) {
            throw new ProtocolException(
                    "descriptors were lost on the way; is this process at its limit of open files?");
        }
        return n;
    }

    /**
     * Blocks until the socket is ready.
     *
     * @param timeoutMs -1 for ever
     * @return false on timeout
     */
    public boolean await(boolean forWriting, int timeoutMs) throws SyscallException {
        ByteBuffer set = forWriting ? Native.allocate(8) : pollfd;
        set.putInt(0, socket().number());
        set.putInt(4, forWriting ? POLLOUT : POLLIN);
        int ready = CALLS.poll(set, 1, timeoutMs);
        if (ready == -1 && Native.failedWith(Errno.EINTR)) {
            return true;
        }
        return Native.check(ready, "poll") > 0;
    }

    /** Ends the connection for both sides and wakes a thread that waits in {@link #await}. The descriptor stays open. */
    public void shutdown() {
        if (!socket().isClosed()) {
            CALLS.shutdown(socket().number(), SHUT_RDWR);
        }
    }

    @Override
    public void close() {
        fds.forEach(Fd::close);
        super.close();
    }
}
