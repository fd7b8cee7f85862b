package io.sluice.worker.engine;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.Epoll;
import java.util.ArrayList;
import java.util.List;

/**
 * A link in a duty cycle, and whether its ports' descriptors are in the thread's epoll set.
 *
 * <p>They are there only while the thread may sleep: a socket that somebody waits for wakes its waiters at each packet that
 * the kernel sends or receives, a lock and a call-back that took a tenth of the whole cost of a forwarded 64-byte frame. A
 * link that has had traffic for {@link #BUSY} cycles leaves the set, and comes back when the thread wants to sleep; one that
 * wakes the thread for a few packets now and then stays in it.
 */
final class ServedLink {
    /** Cycles with traffic since the last sleep that repay the system calls of leaving and coming back. */
    private static final int BUSY = 64;

    private final CrossConnect link;
    private final List<PortQueue> queues = new ArrayList<>();

    /** How many of the queues are in the set: the first ones. */
    private int watched;

    private int busy;

    ServedLink(CrossConnect link) {
        this.link = link;
        queues.addAll(link.a().queues());
        queues.addAll(link.b().queues());
    }

    CrossConnect link() {
        return link;
    }

    /** One cycle; returns the packets moved. */
    int run(Vector vector, Epoll epoll) {
        int work = link.run(vector);
        if (work > 0 && watched > 0 && ++busy > BUSY) {
            unwatch(epoll);
        }
        return work;
    }

    /** Before a sleep: lets every port of the link end it. False if the kernel has no room for that. */
    boolean watch(Epoll epoll) {
        busy = 0;
        try {
            for (; watched < queues.size(); watched++) {
                epoll.add(queues.get(watched).fd());
            }
            return true;
        } catch (SyscallException e) { // ENOMEM, ENOSPC: whoever sleeps has to look by himself now and then
            unwatch(epoll);
            return false;
        }
    }

    /** Before the link or a port of it goes, too. */
    void unwatch(Epoll epoll) {
        while (watched > 0) {
            epoll.remove(queues.get(--watched).fd());
        }
    }
}
