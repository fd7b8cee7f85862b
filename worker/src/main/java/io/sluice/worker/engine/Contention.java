package io.sluice.worker.engine;

import java.util.function.LongSupplier;

/**
 * Whether others want the CPU of this thread: what passes without the thread either sleeping or running, somebody else has
 * run. The clock of its CPU time is a system call, so it is read once in {@link #WINDOW_NS}. One preemption, however long, is
 * no contention: every CPU has threads of the kernel that are due now and then.
 */
final class Contention {
    /** Shortest time that is judged. */
    static final long WINDOW_NS = 10_000_000;

    /** In so many windows one after the other, others must have run. */
    static final int WINDOWS = 3;

    /** It counts as lasting so long after it was last seen: who sleeps early is taken less from, and would see it no more. */
    static final long LASTS_NS = 1_000_000_000;

    /** The part of a window that others may run without being noticed. */
    private static final int PART = 32;

    private final LongSupplier cpuNs;
    private long begin;
    private long cpuAtBegin;
    private long sleptNs;
    private int inARow;
    private long until;
    private boolean there;

    /**
     * @param nowNs as {@link System#nanoTime}
     * @param cpuNs what the thread has run until now, in ns; asked by that thread
     */
    Contention(long nowNs, LongSupplier cpuNs) {
        this.cpuNs = cpuNs;
        begin(nowNs, cpuNs.getAsLong());
    }

    private void begin(long nowNs, long cpu) {
        begin = nowNs;
        cpuAtBegin = cpu;
        sleptNs = 0;
    }

    /** The thread has slept for so long, until now. */
    void slept(long ns) {
        sleptNs += ns;
    }

    /** @param nowNs as {@link System#nanoTime} */
    boolean isThere(long nowNs) {
        long window = nowNs - begin;
        if (window >= WINDOW_NS) {
            judge(nowNs, window);
        }
        return there;
    }

    private void judge(long nowNs, long window) {
        long cpu = cpuNs.getAsLong();
        long others = window - sleptNs - (cpu - cpuAtBegin);
        inARow = others > window / PART ? inARow + 1 : 0;
        if (inARow >= WINDOWS) {
            there = true;
            until = nowNs + LASTS_NS;
        } else if (nowNs - until >= 0) {
            there = false;
        }
        begin(nowNs, cpu);
    }
}
