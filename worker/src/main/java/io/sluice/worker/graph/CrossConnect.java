package io.sluice.worker.graph;

import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Coalescer;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SwitchedOff;
import io.sluice.worker.port.VectorStats;
import java.util.function.LongSupplier;

/**
 * Two ports, joined: what one receives the other sends.
 *
 * <p>Queue i of one side feeds queue i modulo n of the other, so packets of one flow, which the kernel steers to one queue,
 * stay in order. A direction takes no more than the other side has room for: what exceeds it stays in the receive queue,
 * where the kernel drops early and counts, and no work is spent on a packet that can't leave.
 */
public final class CrossConnect {
    private final String name;
    private final Port a;
    private final Port b;
    private final Direction[] directions;

    /** Each queue's outlet, once: several directions may lead to it. */
    private final Outlet[] outlets;

    public CrossConnect(String name, Port a, Port b) {
        this(name, a, b, System::nanoTime);
    }

    /** @param clock for deadlines, in ns */
    CrossConnect(String name, Port a, Port b, LongSupplier clock) {
        this.name = name;
        this.a = a;
        this.b = b;
        int fromA = a.queues().size();
        int fromB = b.queues().size();
        this.outlets = new Outlet[fromA + fromB];
        this.directions = new Direction[fromA + fromB];
        for (int i = 0; i < outlets.length; i++) {
            outlets[i] = i < fromA ? new Outlet(a, i, clock) : new Outlet(b, i - fromA, clock);
        }
        for (int i = 0; i < directions.length; i++) {
            directions[i] = i < fromA
                    ? new Direction(a, i, outlets[fromA + i % fromB])
                    : new Direction(b, i - fromA, outlets[(i - fromA) % fromA]);
        }
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** One side. */
    public Port a() {
        return a;
    }

    /** The other side. */
    public Port b() {
        return b;
    }

    /** Moves one vector in each direction; returns the packets moved. */
    public int run(Vector vector) {
        int work = 0;
        for (Direction direction : directions) {
            work += direction.run(vector);
        }
        for (Direction direction : directions) {
            work += direction.to.flush();
        }
        return work;
    }

    /** Whether a queue is to be served soon, so that the thread must come back without being woken. */
    public boolean pending() {
        for (Direction direction : directions) { // every queue of both ports receives in one direction
            if (direction.from.pending()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Nanoseconds until packets that wait for others have to be sent, 0 or less if they are late; {@link Long#MAX_VALUE} if
     * none wait.
     */
    public long untilDue() {
        long least = Long.MAX_VALUE;
        for (Outlet outlet : outlets) {
            least = Math.min(least, outlet.untilDue());
        }
        return least;
    }

    /** Before the link goes: sends what waits for others. */
    public void settle() {
        for (Outlet outlet : outlets) {
            outlet.settle();
        }
    }

    private static final class Direction {
        private final PortQueue from;
        private final boolean superframes;
        private final Dials dials;
        private final VectorStats vectors;
        private final Counters counters;
        private final Outlet to;
        private Coalescer coalescer;

        Direction(Port from, int queue, Outlet to) {
            this.from = from.queues().get(queue);
            this.superframes = this.from.offloads();
            this.dials = from.dials();
            this.vectors = from.vectors();
            this.counters = from.counters();
            this.to = to;
        }

        int run(Vector vector) {
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
    }
}
