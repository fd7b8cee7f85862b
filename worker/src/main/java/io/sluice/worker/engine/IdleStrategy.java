package io.sluice.worker.engine;

import io.sluice.worker.sys.Epoll;

/** What a data-path thread does when a cycle brought no work. */
public enum IdleStrategy {
    /** Never sleeps: lowest latency, one core taken for good. */
    SPIN {
        @Override
        boolean sleeps(int idleCycles) {
            return false;
        }

        @Override
        void idle(int idleCycles, boolean pending, Epoll epoll) {
            Thread.onSpinWait();
        }
    },

    /** Looks again some times, then sleeps in epoll until a port or the conductor wakes it. */
    ADAPTIVE {
        @Override
        boolean sleeps(int idleCycles) {
            return idleCycles >= SPINS;
        }

        @Override
        void idle(int idleCycles, boolean pending, Epoll epoll) {
            if (sleeps(idleCycles)) {
                epoll.await(pending ? PENDING_MS : -1);
            } else {
                Thread.onSpinWait();
            }
        }
    };

    /** Idle cycles before sleeping. A cycle over two idle ports costs about half a microsecond: two system calls. */
    private static final int SPINS = 100;

    /** While a port waits for the kernel to take more, so long at most. */
    private static final int PENDING_MS = 1;

    /** The same in nanoseconds: what is due earlier is missed by a sleep. */
    static final long PENDING_NS = PENDING_MS * 1_000_000L;

    /** Whether {@link #idle} with the same argument may sleep, so that what should end the sleep must be in the epoll set. */
    abstract boolean sleeps(int idleCycles);

    /**
     * @param idleCycles how many cycles in a row brought nothing
     * @param pending whether a port has something to send that the kernel did not take
     */
    abstract void idle(int idleCycles, boolean pending, Epoll epoll);
}
