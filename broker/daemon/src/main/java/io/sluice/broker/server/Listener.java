package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.platform.Errno;

/**
 * A listening unix socket of one table. Removes its file when closed.
 *
 * @param socket borrowed, for the poll set
 */
record Listener(Path path, Table table, Fd socket) implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_NONBLOCK = 1 | 0x800;
    private static final int SOCK_CLOEXEC_NONBLOCK = 0x80800;
    private static final int SO_PASSRIGHTS = 83;
    private static final int BACKLOG = 128;
    private static final int NO_EXECUTION = 0111;
    /** Bytes of sockaddr_un. */
    private static final int ADDRESS = 110;

    /**
     * Binds {@code path}, at which anybody may knock: credentials decide, before a byte is read. A file that a dead broker
     * left is replaced; a live one's is not.
     */
    static Listener open(Path path, Table table) throws IOException {
        ByteBuffer address = address(path);
        if (Files.exists(path)) {
            if (answers(address)) {
                throw new IOException("a broker is already running at " + path);
            }
            Files.delete(path);
        }
        Files.createDirectories(path.toAbsolutePath().getParent());
        // The file has its permissions from the first. No other thread makes files now, whom the mask would concern.
        int mask = LIBC.umask(NO_EXECUTION);
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(Sockets.open(AF_UNIX, SOCK_STREAM_NONBLOCK, 0, "AF_UNIX"));
            refuseDescriptors(socket);
            Native.check(LIBC.bind(socket.number(), address, ADDRESS), "cannot listen at " + path);
            Native.check(LIBC.listen(socket.number(), BACKLOG), "cannot listen at " + path);
            closer.release();
            return new Listener(path, table, socket);
        } finally {
            LIBC.umask(mask);
        }
    }

    /** sockaddr_un {family u16, path, 0}. */
    private static ByteBuffer address(Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length > ADDRESS - 3) {
            throw new IOException(
                    "cannot listen at " + path + ": a socket's path has at most " + (ADDRESS - 3) + " bytes");
        }
        return Native.allocate(ADDRESS).putShort(0, (short) AF_UNIX).put(2, name);
    }

    /**
     * Has the kernel refuse descriptors that a client sends, here and on what is accepted. Before Linux 6.16, which can't,
     * they are dropped at the read; whoever sends one whose last close blocks (SO_LINGER) then blocks the broker.
     */
    private static void refuseDescriptors(Fd listener) throws SyscallException {
        try {
            Sockets.set(listener, Sockets.SOL_SOCKET, SO_PASSRIGHTS, 0, "SO_PASSRIGHTS");
        } catch (SyscallException e) {
            if (!e.is(Errno.ENOPROTOOPT)) {
                throw e;
            }
        }
    }

    /** Whether somebody listens there; who is too busy to take another one does. */
    private static boolean answers(ByteBuffer address) throws SyscallException {
        try (Fd probe = Sockets.open(AF_UNIX, SOCK_STREAM_NONBLOCK, 0, "AF_UNIX")) {
            return LIBC.connect(probe.number(), address, ADDRESS) == 0 || Native.failedWith(Errno.EAGAIN);
        }
    }

    /** A waiting connection, owned by the caller; null if none is left. */
    Fd accept() throws SyscallException {
        int fd = LIBC.accept4(socket.number(), null, null, SOCK_CLOEXEC_NONBLOCK);
        boolean none = fd == -1
                && (Native.failedWith(Errno.EAGAIN)
                        || Native.failedWith(Errno.EINTR)
                        || Native.failedWith(Errno.ECONNABORTED));
        return none ? null : Fd.owned(fd, "accept4");
    }

    @Override
    public void close() {
        socket.close();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // The file stays; the next broker replaces it.
        }
    }
}
