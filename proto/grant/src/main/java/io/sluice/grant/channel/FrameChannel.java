package io.sluice.grant.channel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import jnr.constants.platform.Errno;

/**
 * Length-prefixed frames over a non-blocking unix stream socket that it owns. It sends descriptors and takes none: the
 * kernel drops what the peer attaches. To receive alone, a pipe will do as well.
 *
 * <p>A frame is a 4-byte big-endian length and that many bytes. A read never goes past the end of the current frame.
 * Nothing here blocks. One thread at a time may receive and one may send; they may be different threads.
 */
public class FrameChannel implements AutoCloseable {
    /** SCM_MAX_FD of the kernel: one message carries no more. */
    public static final int MAX_FDS = 253;

    /** Largest request: a policy names its grants in a few bytes each, so this is generous. */
    public static final int MAX_REQUEST = 16 * 1024;

    /** Largest reply; a policy's text must fit. */
    public static final int MAX_REPLY = 1024 * 1024;

    private static final SocketCalls CALLS = Native.libc(SocketCalls.class);
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int CHUNK = 16 * 1024;

    private record Outgoing(ByteBuffer bytes, List<Fd> fds) {}

    private final Fd socket;
    private final int maxReceive;
    private final ByteBuffer in = Native.allocate(CHUNK);
    private final MessageHeader outHeader = new MessageHeader(MAX_FDS);
    private final ByteBuffer outChunk = Native.allocate(CHUNK);
    private final Deque<Outgoing> outgoing = new ArrayDeque<>();
    private int queuedBytes;

    /** What has arrived of a frame: of its length, then of its body, which is null until that is whole. */
    private final ByteBuffer header = ByteBuffer.allocate(Integer.BYTES);

    private ByteBuffer body;

    /**
     * @param socket consumed: the channel closes it; set to non-blocking and close-on-exec here
     * @param maxReceive largest frame body accepted, in bytes
     */
    public FrameChannel(Fd socket, int maxReceive) throws SyscallException {
        this.socket = socket;
        this.maxReceive = maxReceive;
        socket.closeOnExecNonBlocking();
    }

    /** The socket, borrowed, for a poll set or for {@link PeerCredentials}. */
    public final Fd socket() {
        return socket;
    }

    /**
     * Reads what has arrived.
     *
     * @return the body of a frame, or null if none is complete yet
     * @throws EOFException the peer closed between frames
     * @throws ProtocolException the peer closed within a frame, or sent an oversized frame
     */
    public final byte[] receive() throws IOException {
        if (body == null) {
            if (!fill(header)) {
                return null;
            }
            int length = header.getInt(0);
            if (length <= 0 || length > maxReceive) {
                throw new ProtocolException(
                        "frame of " + Integer.toUnsignedString(length) + " bytes; 1 to " + maxReceive + " are allowed");
            }
            body = ByteBuffer.allocate(length);
        }
        if (!fill(body)) {
            return null;
        }
        byte[] whole = body.array();
        header.clear();
        body = null;
        return whole;
    }

    /** Whether part of a frame has arrived, so that the rest is due. */
    public final boolean midFrame() {
        return header.position() > 0;
    }

    private boolean fill(ByteBuffer part) throws IOException {
        while (part.hasRemaining()) {
            int n = (int) read(in, Math.min(part.remaining(), CHUNK));
            if (n == -1 && (Native.failedWith(Errno.EAGAIN) || Native.failedWith(Errno.EINTR))) {
                return false;
            }
            if (Native.check(n, "read") == 0) {
                throw midFrame()
                        ? new ProtocolException("connection closed in the middle of a frame")
                        : new EOFException("connection closed");
            }
            part.put(in.slice(0, n));
        }
        return true;
    }

    /** Reads at most so many bytes to the start of {@code to}: how many, 0 at the end, or -1 with errno set. */
    protected long read(ByteBuffer to, int most) throws IOException {
        return CALLS.read(socket.number(), to, most);
    }

    /**
     * Queues a frame. Nothing is written before {@link #flush()}.
     *
     * @param bodyBytes the message
     * @param frameFds at most {@link #MAX_FDS}; consumed: closed once written, or with the channel
     */
    public final void send(byte[] bodyBytes, List<Fd> frameFds) {
        if (frameFds.size() > MAX_FDS) {
            throw new IllegalArgumentException("a frame carries at most " + MAX_FDS + " descriptors");
        }
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + bodyBytes.length);
        bytes.putInt(bodyBytes.length).put(bodyBytes).flip();
        outgoing.add(new Outgoing(bytes, List.copyOf(frameFds)));
        queuedBytes += bytes.remaining();
    }

    /** Bytes queued and not yet written: what bounds a peer that never reads. */
    public final int queuedBytes() {
        return queuedBytes;
    }

    /** Writes as much as the socket takes. Returns true when nothing is left. */
    public final boolean flush() throws SyscallException {
        while (!outgoing.isEmpty()) {
            Outgoing head = outgoing.peek();
            boolean first = head.bytes().position() == 0;
            int length = Math.min(head.bytes().remaining(), CHUNK);
            outChunk.put(0, head.bytes(), head.bytes().position(), length);
            outHeader.payload(outChunk, length);
            outHeader.fds(first ? head.fds() : List.of());
            int n = (int) CALLS.sendmsg(socket.number(), outHeader.memory(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n == -1 && (Native.failedWith(Errno.EAGAIN) || Native.failedWith(Errno.EINTR))) {
                return false;
            }
            Native.check(n, "sendmsg");
            head.bytes().position(head.bytes().position() + n);
            queuedBytes -= n;
            if (first) {
                head.fds().forEach(Fd::close);
            }
            if (!head.bytes().hasRemaining()) {
                outgoing.remove();
            }
        }
        return true;
    }

    @Override
    public void close() {
        outgoing.forEach(frame -> frame.fds().forEach(Fd::close));
        outgoing.clear();
        socket.close();
    }
}
