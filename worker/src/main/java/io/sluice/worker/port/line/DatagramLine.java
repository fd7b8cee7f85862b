package io.sluice.worker.port.line;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.sys.Waiter;
import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/**
 * A unix datagram socket with a path, connected to another path: 278 short messages wait in it instead of 11.
 *
 * <p>The socket does not tell that the peer's has been replaced by a new one, whose messages the kernel refuses until this end
 * has connected to it. But who replaces it has to take the file away and make another. So this connects again whenever
 * something happens to that name.
 */
public final class DatagramLine implements Line {
    private final BoundSocket socket;
    private final ByteBuffer remote;
    private final Post post;
    private boolean connected;

    private DatagramLine(BoundSocket socket, ByteBuffer remote, Post post) {
        this.socket = socket;
        this.remote = remote;
        this.post = post;
    }

    /** That the remote path does not exist yet is no error. */
    public static DatagramLine open(UnixPath local, UnixPath remote, Lookout lookout) throws IOException {
        try (Closer closer = new Closer()) {
            BoundSocket socket = BoundSocket.datagram(local);
            closer.add(socket::close);
            DatagramLine line = new DatagramLine(socket, remote.encode(), lookout.post(remote));
            closer.release();
            return line;
        }
    }

    /** The socket, also while nobody is at the other path: what comes is received. */
    @Override
    public int socket() {
        return socket.fd().number();
    }

    @Override
    public Fd fd() {
        return socket.fd();
    }

    @Override
    public void waiter(Waiter waiter) {
        post.waiter(waiter);
    }

    @Override
    public void move(Lookout lookout) {
        post.move(lookout);
    }

    @Override
    public boolean connected() {
        return connected;
    }

    @Override
    public void attend() {
        if (!post.isDue()) {
            return;
        }
        post.watch();
        boolean before = connected;
        connected = socket.connect(remote);
        boolean absent = !connected && Native.failedWith(Errno.ENOENT);
        if (connected) {
            post.later();
        } else {
            post.soon(absent);
        }
        if (before && !connected) {
            socket.disconnect();
        }
    }

    @Override
    public void lost() {
        if (connected) {
            connected = false;
            post.in(BackOff.FIRST_MS);
        }
    }

    @Override
    public boolean ends() {
        return false;
    }

    @Override
    public void close() {
        post.close();
        socket.close();
    }
}
