package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Epoll;

/**
 * Descriptors that belong together, those of a link or that of a shared socket: whether they are in the thread's epoll set,
 * and when they may be.
 *
 * <p>A socket that somebody waits for wakes its waiters at each packet that the kernel sends or receives, a lock and a
 * call-back that took a tenth of the whole cost of a forwarded 64-byte frame. So what has had traffic in {@link #BUSY} cycles
 * on end leaves the set and is polled in each, and comes back when it has been quiet for {@link #LINGER} of them. What has a
 * few packets now and then stays in the set, and is polled only when it has some.
 */
final class Watch {
    /** Cycles with traffic that repay the system calls of leaving and coming back. */
    private static final int BUSY = 64;

    /** Cycles from one with traffic to the next, if both are to count: one in a hundred is not busy, however often it comes. */
    private static final int DENSE = 2;

    /** Cycles in which others had traffic and these had none, after which they are not served any more: outside the set, and in it. */
    private static final int LINGER = 64;

    private static final int LINGER_IN_SET = 4;

    private final Epoll epoll;
    private final Cycles cycles;
    private final Fd[] watched;
    private final Served[] owners;
    private int inSet;
    private int busy;
    private long traffic;
    private long dense;

    /** Counts the cycles of a thread that brought work, which is the time that counts here: an idle thread sleeps soon enough. */
    static final class Cycles {
        private long worked;

        void worked() {
            worked++;
        }
    }

    /** @param owners of as many descriptors; an owner is polled whenever his descriptor is not in the set */
    Watch(Epoll epoll, Cycles cycles, Served... owners) {
        this.epoll = epoll;
        this.cycles = cycles;
        this.owners = owners;
        this.watched = new Fd[owners.length];
    }

    /** There was traffic in this cycle. */
    void worked() {
        long now = cycles.worked;
        if (now == traffic && busy > 0) {
            return; // counted in this cycle
        }
        if (now - traffic > DENSE) {
            busy = 1;
        } else {
            dense = now;
            if (++busy > BUSY && inSet > 0) {
                leave();
                wake();
            }
        }
        traffic = now;
    }

    /** As {@link Served#touch(int)}. */
    long touch() {
        return traffic;
    }

    /** Wakes everybody, as one of them has been woken. */
    void wake() {
        for (Served owner : owners) {
            owner.wake();
        }
    }

    /** Wakes those whose descriptor has been replaced: their peer has gone, as somebody else found who sent to it. */
    void wakeReplaced() {
        for (int i = 0; i < watched.length; i++) {
            if (watched[i] != null && watched[i] != owners[i].fd()) {
                forget(i);
                owners[i].wake();
            }
        }
    }

    /** The cycle that this is, for {@link #mayRest}. */
    long now() {
        return cycles.worked;
    }

    /**
     * Whether polling the {@code i}-th descriptor does not pay any more.
     *
     * @param last when it brought something, or woke its owner
     */
    boolean mayRest(int i, long last) {
        return watched[i] == null
                ? cycles.worked - Math.max(dense, last) > LINGER
                : cycles.worked - last > LINGER_IN_SET;
    }

    /** Whether there has been no traffic for so long that its aftermath keeps nobody up. */
    boolean isQuiet() {
        return cycles.worked - traffic > LINGER;
    }

    /** Has the descriptor of the {@code i}-th owner wake him; false if the kernel has no room for that: ENOMEM, ENOSPC. */
    boolean enter(int i) {
        Fd fd = owners[i].fd();
        if (watched[i] == fd) {
            return true;
        }
        forget(i);
        if (fd == null) {
            return true; // whoever has none is woken without
        }
        try {
            epoll.add(fd, owners[i]);
        } catch (SyscallException e) {
            return false;
        }
        watched[i] = fd;
        inSet++;
        busy = 0;
        return true;
    }

    /** Before a descriptor is closed, too. */
    void leave() {
        for (int i = 0; i < watched.length; i++) {
            forget(i);
        }
        busy = 0;
    }

    private void forget(int i) {
        if (watched[i] != null) {
            epoll.remove(watched[i]);
            watched[i] = null;
            inSet--;
        }
    }
}
