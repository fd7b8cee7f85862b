package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.Epoll;
import java.util.stream.Stream;

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
    private final PortQueue[] queues;
    private final Fd[] watched;
    private int busy;

    ServedLink(CrossConnect link) {
        this.link = link;
        this.queues = Stream.of(link.a(), link.b())
                .flatMap(port -> port.queues().stream())
                .toArray(PortQueue[]::new);
        this.watched = new Fd[queues.length];
    }

    CrossConnect link() {
        return link;
    }

    /** One cycle; returns the packets moved. */
    int run(Vector vector, Epoll epoll) {
        int work = link.run(vector);
        if (work > 0 && watched[0] != null && ++busy > BUSY) {
            unwatch(epoll);
        }
        return work;
    }

    /** Before a sleep: lets every port of the link end it. False if the kernel has no room for that. */
    boolean watch(Epoll epoll) {
        busy = 0;
        try {
            for (int i = 0; i < queues.length; i++) {
                Fd fd = queues[i].fd(); // another one after a port has lost its peer or got one
                if (watched[i] != fd) {
                    forget(i, epoll);
                    epoll.add(fd);
                    watched[i] = fd;
                }
            }
            return true;
        } catch (SyscallException e) { // ENOMEM, ENOSPC: whoever sleeps has to look by himself now and then
            unwatch(epoll);
            return false;
        }
    }

    /** Before the link or a port of it goes, too. */
    void unwatch(Epoll epoll) {
        for (int i = 0; i < queues.length; i++) {
            forget(i, epoll);
        }
    }

    private void forget(int i, Epoll epoll) {
        if (watched[i] != null) {
            epoll.remove(watched[i]);
        }
        watched[i] = null;
    }
}
