package io.sluice.worker.engine;

import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.sys.Epoll;
import java.util.HashMap;
import java.util.Map;

/**
 * What a data-path thread does in a cycle: whatever has work, and nothing else.
 *
 * <pre>
 *  epoll --wakes--> shared sockets: receive --wake--> lanes: poll, send, flush --wake--> shared sockets: flush
 *    |                                                  ^
 *    +--wakes lanes whose queues have a descriptor -----+
 * </pre>
 *
 * Who has nothing to do is in no list, so it costs nothing; while others are busy, one look at epoll every {@link #LOOK}
 * packets or so finds those who have got something to do.
 */
final class DutyCycle {
    /** Packets after which a look, a system call of about 150 ns, is worth it. */
    private static final int LOOK = 64;

    /** What a cycle with and without work counts beside its packets. */
    private static final int BUSY_CYCLE = 4;

    private static final int IDLE_CYCLE = 16;

    private final Epoll epoll;
    private final Watch.Cycles cycles = new Watch.Cycles();
    private final Rota sockets = new Rota();
    private final Rota lanes = new Rota();
    private final Map<CrossConnect, ServedLink> links = new HashMap<>();
    private final Map<SharedSocket, ServedSocket> served = new HashMap<>();
    private final Vector vector = new Vector();
    private int unlooked;

    DutyCycle(Epoll epoll) {
        this.epoll = epoll;
    }

    /** Serves everybody who is active once; returns the packets moved. */
    int run() {
        int work = sockets.run(vector);
        if (work > 0) {
            lanes.warm();
        }
        work += lanes.run(vector) + lanes.flush() + sockets.flush();
        if (work > 0) {
            cycles.worked();
        }
        unlooked += work + (work > 0 ? BUSY_CYCLE : IDLE_CYCLE);
        if (unlooked >= LOOK || lanes.size() + sockets.size() == 0) {
            unlooked = 0;
            if (!epoll.isEmpty()) {
                epoll.await(0);
            }
        }
        return work;
    }

    /** Before a sleep: lets everybody rest who can be woken. Whether somebody is left who has to be looked at soon. */
    boolean rest() {
        sockets.rest();
        lanes.rest();
        return sockets.size() + lanes.size() > 0;
    }

    /** Nanoseconds until packets that wait for others have to be sent, as {@link CrossConnect#untilDue}. */
    long untilDue() {
        return lanes.untilDue();
    }

    /** Starts serving a link. Cold. */
    void add(CrossConnect link) {
        ServedLink added = new ServedLink(link, lanes, epoll, cycles);
        links.put(link, added);
        for (SharedSocket socket : added.sockets()) {
            served.computeIfAbsent(socket, s -> new ServedSocket(s, sockets, epoll, cycles))
                    .addUser();
        }
        added.begin();
    }

    /** Stops serving a link. Cold. */
    void remove(CrossConnect link) {
        ServedLink removed = links.remove(link);
        if (removed == null) {
            return;
        }
        removed.end();
        for (SharedSocket socket : removed.sockets()) {
            if (!served.get(socket).removeUser()) {
                served.remove(socket);
            }
        }
    }
}
