package io.sluice.worker.port.vde;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.port.line.BoundSocket;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.line.Post;
import io.sluice.worker.port.line.Sockets;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.sys.Waiter;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import jnr.constants.platform.Errno;

/**
 * A datagram socket that a switch has connected to one of its own, and the control stream on which that was arranged. The
 * switch's port lives as long as the stream; when the switch has gone, that is tried again until there is one.
 */
final class VdeLine implements Line {
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int MSG_DONTWAIT = 0x40;

    /** How long an answer may take. */
    private static final int PATIENCE_MS = 1_000;

    /** A switch that hangs up is left alone for so long. */
    private static final int PAUSE_MS = 100;

    private final BoundSocket data;
    private final ByteBuffer switchAddress;
    private final ByteBuffer request;
    private final ByteBuffer answer = Native.allocate(Handshake.ANSWER);
    private final Post post;

    private Fd control;
    private int answered;

    /** When the answer should have come, in {@link System#nanoTime}. */
    private long deadline;

    private boolean connected;

    private VdeLine(BoundSocket data, ByteBuffer switchAddress, ByteBuffer request, Post post) {
        this.data = data;
        this.switchAddress = switchAddress;
        this.request = request;
        this.post = post;
    }

    /** @param data consumed, also on failure */
    static VdeLine open(VdePlug plug, BoundSocket data, Lookout lookout) throws SyscallException {
        try (Closer closer = new Closer()) {
            closer.add(data::close);
            UnixPath path = plug.control();
            VdeLine line = new VdeLine(data, path.encode(), Handshake.request(plug, data.path()), lookout.post(path));
            closer.release();
            return line;
        }
    }

    @Override
    public int socket() {
        return connected ? data.fd().number() : NONE;
    }

    @Override
    public Fd fd() {
        return data.fd();
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
        if (connected) {
            check();
        } else if (control == null) {
            ask();
        } else {
            look();
        }
    }

    /** Nothing comes on the stream any more but its end. */
    private void check() {
        int received;
        do {
            answered = 0;
            received = receive();
        } while (received > 0);
        if (received < 0) {
            lost();
        } else {
            post.later();
        }
    }

    private void ask() {
        try {
            control = Sockets.socket(Sockets.STREAM, switchAddress);
            post.listen(control);
        } catch (SyscallException e) { // EMFILE, ENOMEM, ENOSPC: later
            hangUp();
            post.soonBlind();
            return;
        }
        post.watch();
        int number = control.number();
        answered = 0;
        if (LIBC.connect(number, switchAddress, switchAddress.capacity()) != 0) {
            fail(Native.failedWith(Errno.ENOENT));
        } else if (LIBC.send(number, Native.address(request), request.capacity(), MSG_DONTWAIT_NOSIGNAL)
                == request.capacity()) {
            deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
            post.in(PATIENCE_MS);
        } else {
            fail(false);
        }
    }

    private void look() {
        int received = receive();
        if (answered == Handshake.ANSWER) {
            plugIn();
        } else if (received < 0 || System.nanoTime() - deadline >= 0) {
            fail(false);
        } else {
            post.in(PATIENCE_MS); // woken before by whatever comes
        }
    }

    /** Reads from the control stream; -1 if it has ended. */
    private int receive() {
        int room = Handshake.ANSWER - answered;
        long n = LIBC.recv(control.number(), Native.address(answer) + answered, room, MSG_DONTWAIT);
        if (n > 0) {
            answered += (int) n;
            return (int) n;
        }
        return n < 0 && Native.failedWith(Errno.EAGAIN) ? 0 : -1;
    }

    private void plugIn() {
        ByteBuffer peer = Handshake.answer(answer).map(path -> path.encode()).orElse(null);
        connected = peer != null && data.connect(peer);
        if (connected) {
            post.later();
        } else {
            fail(false);
        }
    }

    /** @param absent whether there is no switch at all */
    private void fail(boolean absent) {
        lost();
        post.soon(absent);
    }

    @Override
    public void lost() {
        if (connected) {
            connected = false;
            data.disconnect();
        }
        if (control != null) {
            hangUp();
            post.in(PAUSE_MS);
        }
    }

    private void hangUp() {
        if (control != null) {
            post.deafen();
            control.close();
            control = null;
        }
    }

    @Override
    public boolean ends() {
        return false;
    }

    @Override
    public void close() {
        lost();
        post.close();
        data.close();
    }
}
