package io.sluice.worker.graph;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Coalescer;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SwitchedOff;
import io.sluice.worker.sys.Waiter;

/**
 * One direction of one queue of a link: where packets come from and where they go, found once. A lane is what a duty cycle
 * serves; those that have nothing to do cost nothing.
 */
public final class Lane {
    private final PortQueue from;
    private final boolean superframes;
    private final Dials dials;
    private final Counters counters;
    private final Outlet to;
    private Coalescer coalescer;

    // Of the dials, here so that a vector need not look there.
    private int depth;
    private int coalesces;
    private boolean completes;

    /** Told of packets; null while the lane is not served. */
    private Waiter waiter;

    Lane(Port from, int queue, Outlet to) {
        this.from = from.queues().get(queue);
        this.superframes = this.from.offloads();
        this.dials = from.state(queue).dials();
        this.counters = from.state(queue).counters();
        this.to = to;
    }

    /** Begins to be served: {@code woken} is told when a queue that shares its socket has got something. Cold. */
    public void begin(Waiter woken) {
        waiter = woken;
        from.waiter(woken);
        direct();
    }

    /** Undoes {@link #begin}. Cold. */
    public void end() {
        waiter = null;
        direct();
        from.waiter(null);
    }

    /** The tuning of a port has changed. */
    void turned() {
        depth = dials.depth();
        coalesces = dials.coalesces();
        completes = dials.completes();
        direct();
    }

    /** From shared socket to shared socket nothing happens to a packet here that the queues can't do themselves. */
    private void direct() {
        if (from.shared() != null) {
            boolean possible = waiter != null && to.queue().shared() != null && !to.holds();
            from.direct(possible ? to.queue() : null);
        }
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
            case 1 -> counters.rxMax() + (to.isHolding() ? 1L : 0L);
            default -> to.touch();
        };
    }

    /** Moves one vector, without a flush; returns the packets moved. */
    public int run(Vector vector) {
        int limit = Math.min(depth, to.room(superframes));
        if (limit <= 0) {
            return 0;
        }
        int n = from.poll(vector, limit);
        if (n > 0) {
            counters.fillReceived(n);
            if (completes) {
                SwitchedOff.complete(dials.pool(), vector);
            }
            int kinds = coalesces & to.takes();
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
