package io.sluice.worker.engine;

import io.sluice.worker.sys.Epoll;

/** What a data-path thread does when a cycle brought no work. */
public enum IdleStrategy {
    /** Never sleeps: lowest latency, one core taken for good. */
    SPIN(Long.MAX_VALUE, Long.MAX_VALUE),

    /**
     * Looks again for some time, then sleeps in epoll until a port or the conductor wakes it. A sleep costs some microseconds of
     * its own, tens where the CPU is a virtual one that halts; where others want the CPU it does not halt, and to look again
     * takes from them, who may be those that the next packet is to come from.
     */
    ADAPTIVE(50_000, 5_000);

    /** While a port waits for the kernel to take more, so long at most. */
    private static final int PENDING_MS = 1;

    /** The same in nanoseconds: what is due earlier is missed by a sleep. */
    static final long PENDING_NS = PENDING_MS * 1_000_000L;

    private final long spinNs;
    private final long contendedNs;

    /**
     * Times, as a cycle over two idle ports takes half a microsecond where they are asked by system calls, and a tenth of that where
     * they are rings.
     */
    IdleStrategy(long spinNs, long contendedNs) {
        this.spinNs = spinNs;
        this.contendedNs = contendedNs;
    }

    /**
     * Whether it is time to sleep, so that what should end the sleep must be in the epoll set.
     *
     * @param idleNs for how long there has been nothing
     * @param contended whether others want the CPU
     */
    boolean sleeps(long idleNs, boolean contended) {
        return idleNs >= (contended ? contendedNs : spinNs);
    }

    /**
     * Sleeps until something is there for the thread.
     *
     * @param pending whether a port has something to send that the kernel did not take
     */
    static void sleep(boolean pending, Epoll epoll) {
        epoll.await(pending ? PENDING_MS : -1);
    }
}
