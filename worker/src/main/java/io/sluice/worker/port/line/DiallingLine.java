package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.sys.Waiter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import jnr.constants.platform.Errno;

/**
 * A connection that this side makes, and makes again when it has ended: without ever blocking; over unix sockets when something
 * happens to the path, over TCP with growing pauses.
 */
public final class DiallingLine implements Line {
    private static final short POLLOUT_ERR_HUP = 4 | 8 | 16;
    private static final int POLLOUT = 4;

    /** How often a connection that is under way is looked at. */
    private static final int LOOK_MS = 5;

    private final int type;
    private final ByteBuffer address;
    private final Optional<UnixPath> local;
    private final OptionalInt reconnectMs;
    private final Post post;
    private final ByteBuffer poll = Native.allocate(8);
    private Fd socket;
    private Optional<BoundFile> file = Optional.empty();
    private boolean connected;

    /** The connection has ended, and there is to be no other. */
    private boolean over;

    private DiallingLine(int type, ByteBuffer address, Optional<UnixPath> local, OptionalInt reconnectMs, Post post) {
        this.type = type;
        this.address = address;
        this.local = local;
        this.reconnectMs = reconnectMs;
        this.post = post;
    }

    /**
     * Begins at the first {@link #attend}; that nobody listens yet is no error.
     *
     * @param type {@link Sockets#STREAM} or {@link Sockets#SEQPACKET}
     * @param local bound before each connection, and removed with it
     * @param reconnectMs milliseconds between tries; 0: until it was connected once; empty: a growing pause
     * @throws IOException the local path can't be bound
     */
    public static DiallingLine open(
            int type, SocketAddress address, Optional<UnixPath> local, OptionalInt reconnectMs, Lookout lookout)
            throws IOException {
        ByteBuffer peer = address.encode();
        if (local.isPresent()) {
            Sockets.bound(type, local.get()).close(); // what is wrong with it is to be said now
            BoundFile.of(local.get()).ifPresent(BoundFile::remove);
        }
        Post post = address instanceof UnixPath path ? lookout.post(path) : lookout.post();
        return new DiallingLine(type, peer, local, reconnectMs, post);
    }

    @Override
    public int socket() {
        return connected ? socket.number() : NONE;
    }

    @Override
    public Fd fd() {
        return connected ? socket : null;
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
        if (connected || over || !post.isDue()) {
            return;
        }
        if (socket == null) {
            dial();
        } else {
            look();
        }
    }

    private void dial() {
        try {
            socket = local.isPresent() ? Sockets.bound(type, local.get()) : Sockets.socket(type, address);
            file = local.flatMap(BoundFile::of);
        } catch (IOException e) { // EMFILE, ENOMEM, somebody else at our path: later
            post.soonBlind();
            return;
        }
        post.watch();
        if (LIBC.connect(socket.number(), address, address.capacity()) == 0) {
            succeed();
        } else if (Native.failedWith(Errno.EINPROGRESS)) {
            post.in(LOOK_MS);
        } else {
            fail(Native.failedWith(Errno.ENOENT));
        }
    }

    private void look() {
        poll.putInt(0, socket.number()).putShort(4, (short) POLLOUT).putShort(6, (short) 0);
        LIBC.poll(poll, 1, 0);
        if ((poll.getShort(6) & POLLOUT_ERR_HUP) == 0) {
            post.in(LOOK_MS);
        } else if (Sockets.pendingError(socket.number()) == 0) {
            succeed();
        } else {
            fail(false);
        }
    }

    private void succeed() {
        connected = true;
        post.never();
        Sockets.tune(socket.number(), address);
    }

    /** @param absent whether there is nothing at the path */
    private void fail(boolean absent) {
        lost();
        int fixed = reconnectMs.orElse(0);
        if (fixed > 0) {
            post.in(fixed, absent);
        } else {
            post.soon(absent);
        }
    }

    @Override
    public void lost() {
        if (socket != null) {
            socket.close();
            socket = null;
            file.ifPresent(BoundFile::remove);
            file = Optional.empty();
            over = connected && reconnectMs.equals(OptionalInt.of(0));
            connected = false;
            post.in(Math.max(
                    reconnectMs.orElse(0),
                    BackOff.FIRST_MS)); // one that listens and hangs up at once is not to be called all the time
        }
    }

    @Override
    public boolean ends() {
        return true;
    }

    @Override
    public void close() {
        lost();
        post.close();
    }
}
