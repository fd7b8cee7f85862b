package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import jnr.constants.platform.Errno;

/** Making sockets. All are close-on-exec and non-blocking. */
public final class Sockets {
    /** socket(2) types. */
    public static final int STREAM = 1;

    public static final int DATAGRAM = 2;
    public static final int SEQPACKET = 5;

    /** Instead of a type. */
    public static final int NO_SOCKET = -1;

    private static final int CLOEXEC_NONBLOCK = 0x80000 | 0x800;
    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_ERROR = 4;
    private static final int SO_SNDBUF = 7;
    private static final int SO_REUSEADDR = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;

    /** One peer is served; the next waits here. */
    private static final int WAITING_PEERS = 1;

    private static final int SEND_BUFFER = 4 << 20;

    /** What asking for {@link #SEND_BUFFER} gives where the limit was left as it is: the kernel doubles it. */
    private static final int RAISED = 2 * 212_992;

    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;

    private Sockets() {}

    /** An unbound socket for addresses such as {@code address}. */
    public static Fd socket(int type, ByteBuffer address) throws SyscallException {
        return Fd.owned(LIBC.socket(address.getShort(0), type | CLOEXEC_NONBLOCK, 0), "socket(type " + type + ")");
    }

    /** A socket bound to {@code address}; a unix socket's file that nobody serves any more is replaced. */
    static Fd bound(int type, SocketAddress address) throws IOException {
        ByteBuffer name = address.encode();
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(socket(type, name));
            if (address instanceof HostPort && type == STREAM) {
                set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
            }
            if (LIBC.bind(socket.number(), name, name.capacity()) == -1) {
                int errno = Native.errno();
                if (errno != Errno.EADDRINUSE.intValue() || !(address instanceof UnixPath path)) {
                    throw new SyscallException("bind(" + address + ")", errno);
                }
                removeStale(type, path, name);
                Native.check(LIBC.bind(socket.number(), name, name.capacity()), "bind(" + address + ")");
            }
            closer.release();
            return socket;
        }
    }

    private static void removeStale(int type, UnixPath path, ByteBuffer name) throws IOException {
        try (Fd probe = socket(type, name)) {
            if ((mode(path) & S_IFMT) != S_IFSOCK) {
                throw new IOException(path + " exists and is no socket; remove it or choose another path");
            }
            if (LIBC.connect(probe.number(), name, name.capacity()) == 0 || !Native.failedWith(Errno.ECONNREFUSED)) {
                throw new IOException(
                        path + " is another program's socket, which is open; end that or choose another path");
            }
            Files.deleteIfExists(path.file());
        } catch (NoSuchFileException e) {
            // Gone by itself, which is just as well.
        }
    }

    private static int mode(UnixPath path) throws IOException {
        return (Integer) Files.getAttribute(path.file(), "unix:mode", java.nio.file.LinkOption.NOFOLLOW_LINKS);
    }

    /** Lets a bound socket accept peers. */
    static void listen(Fd socket, SocketAddress address) throws SyscallException {
        Native.check(LIBC.listen(socket.number(), WAITING_PEERS), "listen(" + address + ")");
    }

    /** The next peer of a listening socket; null if there is none. */
    static Fd accept(Fd listener) {
        int number = LIBC.accept4(listener.number(), null, null, CLOEXEC_NONBLOCK);
        try {
            return number == -1 ? null : Fd.owned(number, "accept4");
        } catch (SyscallException e) {
            throw new AssertionError(e); // only -1 is refused
        }
    }

    /** Small segments at once over TCP, more unread messages in unix sockets. Failures do no harm. */
    static void tune(int socket, ByteBuffer address) {
        if (address.getShort(0) == UnixPath.AF_UNIX) {
            raiseSendBuffer(socket);
        } else {
            LIBC.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, number(1), 4);
        }
    }

    /** A unix socket holds what its sender's buffer has room for: 93 frames of 1514 bytes by default. */
    static void raiseSendBuffer(int socket) {
        if (option(socket, SO_SNDBUF) < RAISED) {
            LIBC.setsockopt(socket, SOL_SOCKET, SO_SNDBUF, number(SEND_BUFFER), 4);
        }
    }

    /** STREAM, DATAGRAM, SEQPACKET or something else; {@link #NO_SOCKET} if it is none. */
    public static int type(Fd fd) {
        return option(fd.number(), SO_TYPE);
    }

    /** Forgets what has come: before a socket was connected that could be from anybody. */
    static void drain(Fd socket) {
        ByteBuffer rest = Native.allocate(1);
        long into = Native.address(rest);
        while (LIBC.recv(socket.number(), into, 1, MSG_DONTWAIT) >= 0) {
            rest.clear(); // cut, and so gone
        }
    }

    /** The error that a socket has pending, which is cleared. */
    static int pendingError(int socket) {
        return option(socket, SO_ERROR);
    }

    private static int option(int socket, int name) {
        ByteBuffer value = Native.allocate(4);
        ByteBuffer length = number(4);
        return LIBC.getsockopt(socket, SOL_SOCKET, name, value, length) == 0 ? value.getInt(0) : -1;
    }

    private static void set(Fd socket, int level, int name, int value) throws SyscallException {
        Native.check(LIBC.setsockopt(socket.number(), level, name, number(value), 4), "setsockopt(" + name + ")");
    }

    private static ByteBuffer number(int value) {
        return Native.allocate(4).putInt(0, value);
    }
}
