package io.sluice.grant.channel;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import jnr.constants.platform.Errno;

/**
 * Length-prefixed frames with descriptors over a non-blocking unix stream socket that it owns.
 *
 * <p>A frame is a 4-byte big-endian length and that many bytes. A read never goes past the end of the current frame, and
 * the kernel never merges a message that carries descriptors with the next one, so descriptors read during a frame belong
 * to it. {@link #receive()} and {@link #flush()} never block; {@link #await} does. One thread at a time may receive and one
 * may send; they may be different threads.
 */
public final class FrameChannel implements AutoCloseable {
    /** SCM_MAX_FD of the kernel: one message carries no more. */
    public static final int MAX_FDS = 253;

    /** Largest request: a policy names its grants in a few bytes each, so this is generous. */
    public static final int MAX_REQUEST = 16 * 1024;

    /** Largest reply; a policy's text must fit. */
    public static final int MAX_REPLY = 1024 * 1024;

    private static final SocketCalls CALLS = Native.libc(SocketCalls.class);
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SHUT_RDWR = 2;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    private static final int HEADER = 4;
    private static final int CHUNK = 16 * 1024;

    private record Outgoing(ByteBuffer bytes, List<Fd> fds) {}

    private final Fd socket;
    private final int maxReceive;
    private final boolean acceptFds;
    private final ByteBuffer in = Native.allocate(CHUNK);
    private final MessageHeader inHeader;
    private final MessageHeader outHeader = new MessageHeader(MAX_FDS);
    private final ByteBuffer outChunk = Native.allocate(CHUNK);
    private final ByteBuffer pollfd = Native.allocate(8);
    private final Deque<Outgoing> outgoing = new ArrayDeque<>();
    private int queuedBytes;

    private final byte[] header = new byte[HEADER];
    private int headerRead;
    private byte[] body;
    private int bodyRead;
    private List<Fd> fds = new ArrayList<>();

    /**
     * @param socket consumed: the channel closes it; set to non-blocking and close-on-exec here
     * @param maxReceive largest frame body accepted, in bytes
     * @param acceptFds whether descriptors may arrive; if not, the kernel drops what the peer attaches
     */
    public FrameChannel(Fd socket, int maxReceive, boolean acceptFds) throws SyscallException {
        this.socket = socket;
        this.maxReceive = maxReceive;
        this.acceptFds = acceptFds;
        this.inHeader = new MessageHeader(acceptFds ? MAX_FDS : 0);
        socket.closeOnExecNonBlocking();
    }

    /** The socket, borrowed, for a poll set or for {@link PeerCredentials}. */
    public Fd socket() {
        return socket;
    }

    /**
     * Reads what has arrived.
     *
     * @return a frame, which the caller owns, or null if none is complete yet
     * @throws EOFException the peer closed between frames
     * @throws ProtocolException the peer closed within a frame, or sent an oversized frame, or descriptors were
     *     lost or too many
     */
    public Frame receive() throws IOException {
        while (headerRead < HEADER) {
            int n = read(header, headerRead, HEADER - headerRead);
            if (n == 0) {
                return null;
            }
            headerRead += n;
            if (headerRead == HEADER) {
                int length = ByteBuffer.wrap(header).order(ByteOrder.BIG_ENDIAN).getInt();
                if (length <= 0 || length > maxReceive) {
                    throw new ProtocolException("frame of " + Integer.toUnsignedString(length) + " bytes; 1 to "
                            + maxReceive + " are allowed");
                }
                body = new byte[length];
                bodyRead = 0;
            }
        }
        while (bodyRead < body.length) {
            int n = read(body, bodyRead, body.length - bodyRead);
            if (n == 0) {
                return null;
            }
            bodyRead += n;
        }
        Frame frame = new Frame(body, List.copyOf(fds));
        headerRead = 0;
        body = null;
        fds = new ArrayList<>();
        return frame;
    }

    /** Whether part of a frame has arrived, so that the rest is due. */
    public boolean midFrame() {
        return headerRead > 0;
    }

    private int read(byte[] target, int offset, int length) throws IOException {
        int want = Math.min(length, CHUNK);
        inHeader.payload(in, 0, want);
        inHeader.offerControl();
        long n = CALLS.recvmsg(socket.number(), inHeader.memory(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n == -1) {
            if (Native.failedWith(Errno.EAGAIN) || Native.failedWith(Errno.EINTR)) {
                return 0;
            }
            throw new SyscallException("recvmsg", Native.errno());
        }
        if (acceptFds) {
            fds.addAll(inHeader.takeFds());
            if (fds.size() > MAX_FDS) { // several messages, within one frame
                throw new ProtocolException("more than " + MAX_FDS + " descriptors with one frame");
            }
            if ((inHeader.flags() & MSG_CTRUNC) != 0) {
                throw new ProtocolException(
                        "descriptors were lost on the way; is this process at its limit of open files?");
            }
        }
        if (n == 0) {
            if (headerRead > 0) {
                throw new ProtocolException("connection closed in the middle of a frame");
            }
            throw new EOFException("connection closed");
        }
        in.get(0, target, offset, (int) n);
        return (int) n;
    }

    /**
     * Queues a frame. Nothing is written before {@link #flush()}.
     *
     * @param bodyBytes the message
     * @param frameFds at most {@link #MAX_FDS}; consumed: closed once written, or with the channel
     */
    public void send(byte[] bodyBytes, List<Fd> frameFds) {
        if (frameFds.size() > MAX_FDS) {
            throw new IllegalArgumentException("a frame carries at most " + MAX_FDS + " descriptors");
        }
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + bodyBytes.length).order(ByteOrder.BIG_ENDIAN);
        bytes.putInt(bodyBytes.length).put(bodyBytes).flip();
        outgoing.add(new Outgoing(bytes, List.copyOf(frameFds)));
        queuedBytes += bytes.remaining();
    }

    /** Bytes queued and not yet written: what bounds a peer that never reads. */
    public int queuedBytes() {
        return queuedBytes;
    }

    /** Writes as much as the socket takes. Returns true when nothing is left. */
    public boolean flush() throws SyscallException {
        while (!outgoing.isEmpty()) {
            Outgoing head = outgoing.peek();
            boolean first = head.bytes().position() == 0;
            int length = Math.min(head.bytes().remaining(), CHUNK);
            outChunk.put(0, head.bytes(), head.bytes().position(), length);
            outHeader.payload(outChunk, 0, length);
            outHeader.fds(first ? head.fds() : List.of());
            long n = CALLS.sendmsg(socket.number(), outHeader.memory(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n == -1) {
                if (Native.failedWith(Errno.EAGAIN) || Native.failedWith(Errno.EINTR)) {
                    return false;
                }
                throw new SyscallException("sendmsg", Native.errno());
            }
            head.bytes().position(head.bytes().position() + (int) n);
            queuedBytes -= (int) n;
            if (first) {
                head.fds().forEach(Fd::close);
            }
            if (!head.bytes().hasRemaining()) {
                outgoing.remove();
            }
        }
        return true;
    }

    /**
     * Blocks until the socket is ready.
     *
     * @param timeoutMs -1 for ever
     * @return false on timeout
     */
    public boolean await(boolean forWriting, int timeoutMs) throws SyscallException {
        ByteBuffer set = forWriting ? Native.allocate(8) : pollfd;
        set.putInt(0, socket.number());
        set.putInt(4, forWriting ? POLLOUT : POLLIN);
        int ready = CALLS.poll(set, 1, timeoutMs);
        if (ready == -1 && Native.failedWith(Errno.EINTR)) {
            return true;
        }
        return Native.check(ready, "poll") > 0;
    }

    /** Ends the connection for both sides and wakes a thread that waits in {@link #await}. The descriptor stays open. */
    public void shutdown() {
        if (!socket.isClosed()) {
            CALLS.shutdown(socket.number(), SHUT_RDWR);
        }
    }

    @Override
    public void close() {
        fds.forEach(Fd::close);
        outgoing.forEach(frame -> frame.fds().forEach(Fd::close));
        outgoing.clear();
        socket.close();
    }
}
