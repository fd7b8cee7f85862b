package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.sys.Epoll;

/** A socket that queues of any number of links share, in a duty cycle: received from before their lanes run, flushed after. */
final class ServedSocket extends Served {
    private final SharedSocket socket;
    private final Watch watch;
    private int users;
    private long last;

    ServedSocket(SharedSocket socket, Rota rota, Epoll epoll, Watch.Cycles cycles) {
        super(rota);
        this.socket = socket;
        this.watch = new Watch(epoll, cycles, this);
    }

    /** A queue of a link that is served now has it. */
    void addUser() {
        if (users++ == 0) {
            socket.waiter(this);
            wake();
        }
    }

    /** A link has gone; returns whether there are others. */
    boolean removeUser() {
        if (--users > 0) {
            return true;
        }
        watch.leave();
        socket.waiter(NOBODY);
        socket.flush();
        rota.remove(this);
        return false;
    }

    @Override
    void woken() {
        last = watch.now();
    }

    @Override
    int run(Vector vector) {
        int received = socket.receive();
        last = received > 0 ? watch.now() : last;
        return noted(received);
    }

    @Override
    int flush() {
        return noted(socket.flush());
    }

    private int noted(int work) {
        if (work > 0) {
            watch.worked();
        }
        return work;
    }

    @Override
    boolean rests() {
        return watch.mayRest(0, last) && sleeps();
    }

    @Override
    boolean sleeps() {
        return watch.enter(0) && !socket.pending();
    }

    @Override
    Fd fd() {
        return socket.fd();
    }

    @Override
    long untilDue() {
        return Long.MAX_VALUE;
    }
}
