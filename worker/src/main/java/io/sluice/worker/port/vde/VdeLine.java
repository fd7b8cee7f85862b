package io.sluice.worker.port.vde;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.port.line.Alarm;
import io.sluice.worker.port.line.BackOff;
import io.sluice.worker.port.line.BoundSocket;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.Sockets;
import io.sluice.worker.sys.Epoll;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;

/**
 * A datagram socket that a switch has connected to one of its own, and the control stream on which that was arranged. The
 * switch's port lives as long as the stream; when the switch has gone, that is tried again until there is one.
 */
final class VdeLine implements Line {
    private static final int MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
    private static final int MSG_DONTWAIT = 0x40;

    /** How often an answer is looked for, and for how long. */
    private static final int LOOK_MS = 5;

    private static final int LOOKS = 200;

    private final BoundSocket data;
    private final ByteBuffer switchAddress;
    private final ByteBuffer request;
    private final ByteBuffer answer = Native.allocate(Handshake.ANSWER);
    private final Alarm alarm;
    private final Epoll either;
    private final BackOff backOff = new BackOff();

    private Fd control;
    private int answered;
    private int looks;
    private boolean connected;

    private VdeLine(BoundSocket data, ByteBuffer switchAddress, ByteBuffer request, Alarm alarm, Epoll either) {
        this.data = data;
        this.switchAddress = switchAddress;
        this.request = request;
        this.alarm = alarm;
        this.either = either;
    }

    /** @param data consumed, also on failure */
    static VdeLine open(VdePlug plug, BoundSocket data) throws SyscallException {
        try (Closer closer = new Closer()) {
            closer.add(data::close);
            Alarm alarm = new Alarm();
            closer.add(alarm::close);
            Epoll either = new Epoll();
            closer.add(either::close);
            either.add(data.fd());
            either.add(alarm.fd());
            closer.release();
            return new VdeLine(data, plug.control().encode(), Handshake.request(plug, data.path()), alarm, either);
        }
    }

    @Override
    public int socket() {
        return connected ? data.fd().number() : NONE;
    }

    @Override
    public Fd fd() {
        return either.fd();
    }

    @Override
    public boolean connected() {
        return connected;
    }

    @Override
    public void attend() {
        if (!alarm.isDue()) {
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
        if (receive() < 0) {
            lost();
        } else {
            answered = 0;
            alarm.set(BackOff.MOST_MS);
        }
    }

    private void ask() {
        try {
            control = Sockets.socket(Sockets.STREAM, switchAddress);
        } catch (SyscallException e) { // EMFILE, ENOMEM: later
            alarm.set(backOff.failed());
            return;
        }
        int number = control.number();
        answered = 0;
        looks = 0;
        boolean asked = LIBC.connect(number, switchAddress, switchAddress.capacity()) == 0
                && LIBC.send(number, Native.address(request), request.capacity(), MSG_DONTWAIT_NOSIGNAL)
                        == request.capacity();
        if (asked) {
            alarm.set(LOOK_MS);
        } else {
            fail();
        }
    }

    private void look() {
        int received = receive();
        if (answered == Handshake.ANSWER) {
            plugIn();
        } else if (received < 0 || ++looks > LOOKS) {
            fail();
        } else {
            alarm.set(LOOK_MS);
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
            answered = 0;
            backOff.succeeded();
            alarm.set(BackOff.MOST_MS);
        } else {
            fail();
        }
    }

    private void fail() {
        lost();
        alarm.set(backOff.failed());
    }

    @Override
    public void lost() {
        if (connected) {
            connected = false;
            data.disconnect();
        }
        if (control != null) {
            control.close();
            control = null;
            alarm.set(BackOff.MOST_MS / 10);
        }
    }

    @Override
    public boolean ends() {
        return false;
    }

    @Override
    public void close() {
        lost();
        either.close();
        alarm.close();
        data.close();
    }
}
