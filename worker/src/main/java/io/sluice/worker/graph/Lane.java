package io.sluice.worker.graph;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Coalescer;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SwitchedOff;
import io.sluice.worker.port.VectorStats;

/**
 * One direction of one queue of a link: where packets come from and where they go, found once. A lane is what a duty cycle
 * serves; those that have nothing to do cost nothing.
 */
public final class Lane {
    private final PortQueue from;
    private final boolean superframes;
    private final Dials dials;
    private final VectorStats vectors;
    private final Counters counters;
    private final Outlet to;
    private Coalescer coalescer;

    Lane(Port from, int queue, Outlet to) {
        this.from = from.queues().get(queue);
        this.superframes = this.from.offloads();
        this.dials = from.state(queue).dials();
        this.vectors = from.state(queue).vectors();
        this.counters = from.state(queue).counters();
        this.to = to;
    }

    /** The queue that it polls. */
    public PortQueue from() {
        return from;
    }

    /** The queue that it sends to. */
    public PortQueue to() {
        return to.queue();
    }

    /** Reads what {@link #run} reads, by steps each of which finds where the next one reads, so that it is in the cache. */
    public long touch(int step) {
        return switch (step) {
            case 0 -> superframes ? 1 : 0;
            case 1 -> dials.depth() + vectors.rxMax() + (to.isHolding() ? 1L : 0L);
            default -> to.touch();
        };
    }

    /** Moves one vector, without a flush; returns the packets moved. */
    public int run(Vector vector) {
        int limit = Math.min(dials.depth(), to.room(superframes));
        if (limit <= 0) {
            return 0;
        }
        int n = from.poll(vector, limit);
        if (n > 0) {
            vectors.received(n);
            if (dials.completes()) {
                SwitchedOff.complete(dials.pool(), vector);
            }
            int kinds = dials.coalesces() & to.takes();
            if (kinds != 0 && n > 1) {
                coalesce(vector, kinds);
            }
            to.send(vector);
        }
        return n;
    }

    private void coalesce(Vector vector, int kinds) {
        if (coalescer == null) {
            coalescer = new Coalescer(dials.pool(), counters);
        }
        coalescer.run(vector, kinds);
    }

    /** Gives the kernel what has been sent, unless it is to wait for more; returns the packets that moved. */
    public int flush() {
        return to.flush();
    }

    /** Whether a queue is to be served soon, so that the thread must come back without being woken. */
    public boolean pending() {
        return from.pending() || to.queue().pending();
    }

    /** Whether packets wait for others to share their system call. */
    public boolean isHolding() {
        return to.isHolding();
    }

    /** As {@link CrossConnect#untilDue}, of this lane. */
    public long untilDue() {
        return to.untilDue();
    }

    /** Takes frames for what is made of packets from {@code pool}: its queue has moved. */
    void home(FramePool pool) {
        dials.turn(dials.tuning(), pool);
    }

    /** Sends what waits for others. */
    void settle() {
        to.settle();
    }
}
