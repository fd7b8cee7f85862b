package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A unix datagram socket with a path, which goes with it. */
public final class BoundSocket implements AutoCloseable {
    /** struct sockaddr of AF_UNSPEC (connect(2)). */
    private static final ByteBuffer NOBODY = Native.allocate(2);

    private final Fd fd;
    private final UnixPath path;
    private final Optional<BoundFile> file;

    private BoundSocket(Fd fd, UnixPath path, Optional<BoundFile> file) {
        this.fd = fd;
        this.path = path;
        this.file = file;
    }

    /** Binds one; a file that nobody serves any more is replaced. */
    public static BoundSocket datagram(UnixPath path) throws IOException {
        try (Closer closer = new Closer()) {
            Fd fd = closer.add(Sockets.bound(Sockets.DATAGRAM, path));
            Sockets.raiseSendBuffer(fd.number());
            closer.release();
            return new BoundSocket(fd, path, BoundFile.of(path));
        }
    }

    /** The socket; borrowed. */
    public Fd fd() {
        return fd;
    }

    /** Where it is. */
    public UnixPath path() {
        return path;
    }

    /** Connects it to a peer; false if there is none. */
    public boolean connect(ByteBuffer peer) {
        return LIBC.connect(fd.number(), peer, peer.capacity()) == 0;
    }

    /** Ends that: while it is connected to a dead peer, a new one may not even send to it. */
    public void disconnect() {
        LIBC.connect(fd.number(), NOBODY, NOBODY.capacity());
    }

    @Override
    public void close() {
        fd.close();
        file.ifPresent(BoundFile::remove);
    }
}
