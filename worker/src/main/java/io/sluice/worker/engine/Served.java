package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.sys.Waiter;

/** Something that a duty cycle serves while it has work: as long as it is in its rota, where it puts itself when it is woken. */
abstract class Served implements Waiter {
    final Rota rota;
    private boolean active;

    /**
     * Woken since it last ran. The epoll set tells of a descriptor once (EPOLLET), perhaps just after a run that found nothing:
     * who left then would sleep for ever.
     */
    private boolean due;

    Served(Rota rota) {
        this.rota = rota;
    }

    @Override
    public final void wake() {
        due = true;
        if (!active) {
            active = true;
            woken();
            rota.add(this);
        }
    }

    @Override
    public final long touch() {
        return active ? 1 : 0;
    }

    /** Told by the rota, before each run. */
    final void begins() {
        due = false;
    }

    /** Whether it has to run before it may leave. */
    final boolean isDue() {
        return due;
    }

    /** Told by the rota. */
    final void left() {
        active = false;
    }

    /** It is about to be served again. */
    void woken() {}

    /** Reads what {@link #run} will read; step by step, up to {@link Rota#STEPS}. */
    long touch(int step) {
        return 0;
    }

    /** Receives; returns the packets that came. */
    abstract int run(Vector vector);

    /** Sends, after everybody has received; returns the packets that left. */
    abstract int flush();

    /** Whether it is to leave the rota after a cycle: it has nothing to do, and what brings it work will wake it. */
    abstract boolean rests();

    /** The same before the thread sleeps, however short it has been without work. */
    abstract boolean sleeps();

    /** What wakes it, if anything does beside the queue itself: not always the same, and null if nothing does. */
    abstract Fd fd();

    /** Nanoseconds until it has to be served, as {@link io.sluice.worker.graph.CrossConnect#untilDue}. */
    abstract long untilDue();
}
