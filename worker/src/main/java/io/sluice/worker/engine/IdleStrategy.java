package io.sluice.worker.engine;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

/** What a data-path thread does when a cycle brought no work. */
public enum IdleStrategy {
    /** Never sleeps: lowest latency, one core taken for good. */
    SPIN {
        @Override
        boolean sleeps(Patience patience, long now) {
            return false;
        }

        @Override
        void look(Patience patience, long now) {
            Thread.onSpinWait();
        }
    },

    /** Looks again for a while, then sleeps in epoll until a port or the conductor wakes it. */
    ADAPTIVE {
        @Override
        boolean sleeps(Patience patience, long now) {
            return !patience.lasts(now);
        }

        @Override
        void look(Patience patience, long now) {
            if (patience.isLong(now)) {
                LIBC.sched_yield();
            } else {
                Thread.onSpinWait();
            }
        }
    };

    /** While a port waits for the kernel to take more, a sleep is so long at most. */
    static final int PENDING_MS = 1;

    /** The same in nanoseconds: what is due earlier is missed by a sleep. */
    static final long PENDING_NS = PENDING_MS * 1_000_000L;

    /** Whether to sleep now; else to {@link #look} again. Both in {@link System#nanoTime}. */
    abstract boolean sleeps(Patience patience, long now);

    /** What is done before the next look. */
    abstract void look(Patience patience, long now);
}
