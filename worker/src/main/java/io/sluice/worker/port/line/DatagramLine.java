package io.sluice.worker.port.line;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.worker.sys.Epoll;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A unix datagram socket with a path, connected to another path: 278 short messages wait in it instead of 11.
 *
 * <p>Nothing tells that the peer's socket has been replaced by a new one, whose messages the kernel refuses until this end
 * has connected to it. So it connects again once a second while nothing comes.
 */
public final class DatagramLine implements Line {
    private final BoundSocket socket;
    private final ByteBuffer remote;
    private final Alarm alarm;
    private final Epoll either;
    private final BackOff backOff = new BackOff();
    private boolean connected;

    private DatagramLine(BoundSocket socket, ByteBuffer remote, Alarm alarm, Epoll either) {
        this.socket = socket;
        this.remote = remote;
        this.alarm = alarm;
        this.either = either;
    }

    /** That the remote path does not exist yet is no error. */
    public static DatagramLine open(UnixPath local, UnixPath remote) throws IOException {
        try (Closer closer = new Closer()) {
            BoundSocket socket = BoundSocket.datagram(local);
            closer.add(socket::close);
            Alarm alarm = new Alarm();
            closer.add(alarm::close);
            Epoll either = new Epoll();
            closer.add(either::close);
            either.add(socket.fd());
            either.add(alarm.fd());
            closer.release();
            return new DatagramLine(socket, remote.encode(), alarm, either);
        }
    }

    /** The socket, also while nobody is at the other path: what comes is received. */
    @Override
    public int socket() {
        return socket.fd().number();
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
        boolean before = connected;
        connected = socket.connect(remote);
        if (connected) {
            backOff.succeeded();
        } else if (before) {
            socket.disconnect();
        }
        alarm.set(connected ? BackOff.MOST_MS : backOff.failed());
    }

    @Override
    public void lost() {
        if (connected) {
            connected = false;
            alarm.set(BackOff.FIRST_MS);
        }
    }

    @Override
    public boolean ends() {
        return false;
    }

    @Override
    public void close() {
        either.close();
        alarm.close();
        socket.close();
    }
}
