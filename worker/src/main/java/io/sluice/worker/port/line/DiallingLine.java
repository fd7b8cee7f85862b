package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import jnr.constants.platform.Errno;

/** A connection that this side makes, and makes again when it has ended: without ever blocking, with growing pauses. */
public final class DiallingLine implements Line {
    private static final short POLLOUT_ERR_HUP = 4 | 8 | 16;
    private static final int POLLOUT = 4;

    /** How often a connection that is under way is looked at. */
    private static final int LOOK_MS = 5;

    private final int type;
    private final ByteBuffer address;
    private final Optional<UnixPath> local;
    private final OptionalInt reconnectMs;
    private final Alarm alarm = new Alarm();
    private final BackOff backOff = new BackOff();
    private final ByteBuffer poll = Native.allocate(8);
    private Fd socket;
    private Optional<BoundFile> file = Optional.empty();
    private boolean connected;

    /** The connection has ended, and there is to be no other. */
    private boolean over;

    private DiallingLine(int type, ByteBuffer address, Optional<UnixPath> local, OptionalInt reconnectMs)
            throws SyscallException {
        this.type = type;
        this.address = address;
        this.local = local;
        this.reconnectMs = reconnectMs;
    }

    /**
     * Begins at the first {@link #attend}; that nobody listens yet is no error.
     *
     * @param type {@link Sockets#STREAM} or {@link Sockets#SEQPACKET}
     * @param local bound before each connection, and removed with it
     * @param reconnectMs milliseconds between tries; 0: until it was connected once; empty: a growing pause
     * @throws IOException the local path can't be bound
     */
    public static DiallingLine open(int type, SocketAddress address, Optional<UnixPath> local, OptionalInt reconnectMs)
            throws IOException {
        ByteBuffer peer = address.encode();
        if (local.isPresent()) {
            Sockets.bound(type, local.get()).close(); // what is wrong with it is to be said now
            BoundFile.of(local.get()).ifPresent(BoundFile::remove);
        }
        return new DiallingLine(type, peer, local, reconnectMs);
    }

    @Override
    public int socket() {
        return connected ? socket.number() : NONE;
    }

    @Override
    public Fd fd() {
        return connected ? socket : alarm.fd();
    }

    @Override
    public boolean connected() {
        return connected;
    }

    @Override
    public void attend() {
        if (connected || over || !alarm.isDue()) {
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
            alarm.set(pause());
            return;
        }
        if (LIBC.connect(socket.number(), address, address.capacity()) == 0) {
            succeed();
        } else if (Native.failedWith(Errno.EINPROGRESS)) {
            alarm.set(LOOK_MS);
        } else {
            fail();
        }
    }

    private void look() {
        poll.putInt(0, socket.number()).putShort(4, (short) POLLOUT).putShort(6, (short) 0);
        LIBC.poll(poll, 1, 0);
        if ((poll.getShort(6) & POLLOUT_ERR_HUP) == 0) {
            alarm.set(LOOK_MS);
        } else if (Sockets.pendingError(socket.number()) == 0) {
            succeed();
        } else {
            fail();
        }
    }

    private void succeed() {
        connected = true;
        backOff.succeeded();
        Sockets.tune(socket.number(), address);
    }

    private void fail() {
        lost();
        alarm.set(pause());
    }

    private int pause() {
        int fixed = reconnectMs.orElse(0);
        return fixed > 0 ? fixed : backOff.failed();
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
            alarm.set(Math.max(
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
        alarm.close();
    }
}
