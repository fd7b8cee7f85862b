package io.sluice.worker.engine;

import io.sluice.worker.sys.Epoll;

/** What a data-path thread does when a cycle brought no work. */
public enum IdleStrategy {
    /** Never sleeps: lowest latency, one core taken for good. */
    SPIN {
        @Override
        boolean sleeps(long idleNs) {
            return false;
        }

        @Override
        void idle(long idleNs, boolean pending, Epoll epoll) {
            Thread.onSpinWait();
        }
    },

    /** Looks again for some time, then sleeps in epoll until a port or the conductor wakes it. */
    ADAPTIVE {
        @Override
        boolean sleeps(long idleNs) {
            return idleNs >= SPIN_NS;
        }

        @Override
        void idle(long idleNs, boolean pending, Epoll epoll) {
            if (sleeps(idleNs)) {
                epoll.await(pending ? PENDING_MS : -1);
            } else {
                Thread.onSpinWait();
            }
        }
    };

    /**
     * How long to look again before sleeping, which costs some microseconds of its own. A time, as a cycle over two idle ports
     * takes half a microsecond where they are asked by system calls, and a tenth of that where they are rings.
     */
    private static final long SPIN_NS = 50_000;

    /** While a port waits for the kernel to take more, so long at most. */
    private static final int PENDING_MS = 1;

    /** The same in nanoseconds: what is due earlier is missed by a sleep. */
    static final long PENDING_NS = PENDING_MS * 1_000_000L;

    /** Whether {@link #idle} with the same argument may sleep, so that what should end the sleep must be in the epoll set. */
    abstract boolean sleeps(long idleNs);

    /**
     * @param idleNs for how long there has been nothing
     * @param pending whether a port has something to send that the kernel did not take
     */
    abstract void idle(long idleNs, boolean pending, Epoll epoll);
}
