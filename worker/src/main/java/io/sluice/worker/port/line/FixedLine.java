package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A socket that is connected from the beginning: inherited, or UDP. When its peer's end is closed, that was it. */
public final class FixedLine implements Line {
    private static final int SOCKADDR = 128;

    private final Fd fd;
    private final boolean connected;
    private int socket;

    private FixedLine(Fd fd, boolean connected) {
        this.fd = fd;
        this.connected = connected;
        this.socket = fd.number();
    }

    /**
     * A connected socket that somebody else has made.
     *
     * @param fd consumed, also on failure
     * @param stream whether it has to be a stream; otherwise messages
     * @throws IllegalArgumentException it is something else
     */
    public static FixedLine inherited(Fd fd, boolean stream) {
        try (Closer closer = new Closer()) {
            closer.add(fd);
            int type = Sockets.type(fd);
            boolean messages = type == Sockets.DATAGRAM || type == Sockets.SEQPACKET;
            if (stream ? type != Sockets.STREAM : !messages) {
                throw new IllegalArgumentException(
                        "the descriptor is no " + (stream ? "stream" : "datagram or seqpacket") + " socket");
            }
            ByteBuffer address = Native.allocate(SOCKADDR);
            if (LIBC.getpeername(fd.number(), address, Native.allocate(4).putInt(0, SOCKADDR)) == -1) {
                throw new IllegalArgumentException(
                        "the descriptor is not connected; connect it before it is inherited," + " or use a socketpair");
            }
            Sockets.tune(fd.number(), address);
            closer.release();
            return new FixedLine(fd, type != Sockets.DATAGRAM);
        }
    }

    /** UDP between two addresses. */
    public static FixedLine udp(HostPort local, HostPort remote) throws IOException {
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(Sockets.bound(Sockets.DATAGRAM, local));
            connect(socket, remote, remote.encode());
            closer.release();
            return new FixedLine(socket, false);
        }
    }

    /**
     * UDP from a socket that somebody else has bound, and perhaps connected.
     *
     * @param fd consumed, also on failure
     * @throws IllegalArgumentException it is no datagram socket, or connected to another peer
     */
    public static FixedLine bound(Fd fd, HostPort remote) throws IOException {
        try (Closer closer = new Closer()) {
            closer.add(fd);
            if (Sockets.type(fd) != Sockets.DATAGRAM) {
                throw new IllegalArgumentException("the descriptor is no datagram socket");
            }
            ByteBuffer wanted = remote.encode();
            ByteBuffer peer = Native.allocate(SOCKADDR);
            if (LIBC.getpeername(fd.number(), peer, Native.allocate(4).putInt(0, SOCKADDR)) == -1) {
                connect(fd, remote, wanted);
            } else if (!peer.slice(0, wanted.capacity()).equals(wanted)) {
                throw new IllegalArgumentException(
                        "the socket is connected to another peer than " + remote + "; name that one");
            }
            closer.release();
            return new FixedLine(fd, false);
        }
    }

    private static void connect(Fd socket, HostPort remote, ByteBuffer peer) throws SyscallException {
        Native.check(LIBC.connect(socket.number(), peer, peer.capacity()), "connect(" + remote + ")");
        Sockets.drain(socket);
    }

    @Override
    public int socket() {
        return socket;
    }

    @Override
    public Fd fd() {
        return fd;
    }

    @Override
    public boolean connected() {
        return socket != NONE;
    }

    @Override
    public void attend() {
        // Nothing can be done for it.
    }

    @Override
    public void lost() {
        if (connected) {
            socket = NONE;
        }
    }

    @Override
    public boolean ends() {
        return connected;
    }

    @Override
    public void close() {
        socket = NONE;
        fd.close();
    }
}
