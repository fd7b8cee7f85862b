package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;

/**
 * A listening unix socket of one table. Removes its file when closed.
 *
 * @param socket borrowed, for the poll set
 */
record Listener(Path path, Table table, UnixServerSocketChannel server, Fd socket) implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final int SOCK_CLOEXEC_NONBLOCK = 0x80800;
    private static final int SO_PASSRIGHTS = 83;
    private static final int NO_EXECUTION = 0111;

    /**
     * Binds {@code path}, at which anybody may knock: credentials decide, before a byte is read. A file that a dead broker
     * left is replaced; a live one's is not.
     */
    static Listener open(Path path, Table table) throws IOException {
        if (Files.exists(path)) {
            if (answers(path)) {
                throw new IOException("a broker is already running at " + path);
            }
            Files.delete(path);
        }
        Files.createDirectories(path.toAbsolutePath().getParent());
        UnixServerSocketChannel server = UnixServerSocketChannel.open();
        // The file has its permissions from the first. No other thread makes files now, whom the mask would concern.
        int mask = LIBC.umask(NO_EXECUTION);
        try {
            Fd socket = Fd.duplicateOf(server.getFD()).closeOnExecNonBlocking();
            refuseDescriptors(socket);
            server.socket().bind(new UnixSocketAddress(path.toFile()), BACKLOG);
            return new Listener(path, table, server, socket);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw new IOException("cannot listen at " + path + ": " + e.getMessage(), e);
        } finally {
            LIBC.umask(mask);
        }
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

    private static boolean answers(Path path) {
        try (UnixSocketChannel probe = UnixSocketChannel.open(new UnixSocketAddress(path.toFile()))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** A waiting connection, owned by the caller; null if none is left. The library would leave close-on-exec off. */
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
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // The file stays; the next broker replaces it.
        }
        socket.close();
    }
}
