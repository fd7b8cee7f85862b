package io.sluice.worker.graph;

import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import java.util.List;
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
    private final Lane[] lanes;

    /** Each queue's outlet, once: several lanes may lead to it. */
    private final Outlet[] outlets;

    private final Runnable turned = this::turned;

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
        this.lanes = new Lane[fromA + fromB];
        for (int i = 0; i < outlets.length; i++) {
            outlets[i] = i < fromA ? new Outlet(a, i, clock) : new Outlet(b, i - fromA, clock);
        }
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = i < fromA
                    ? new Lane(a, i, outlets[fromA + i % fromB])
                    : new Lane(b, i - fromA, outlets[(i - fromA) % fromA]);
        }
        a.dials().watch(turned);
        b.dials().watch(turned);
        turned();
    }

    /** The tuning of a port has changed. Cold. */
    private void turned() {
        for (Outlet outlet : outlets) {
            outlet.turned();
        }
        for (Lane lane : lanes) {
            lane.turned();
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

    /** The directions of its queues, in the order of the ports. */
    public List<Lane> lanes() {
        return List.of(lanes);
    }

    /** Moves one vector in each direction; returns the packets moved. */
    public int run(Vector vector) {
        int work = 0;
        for (Lane lane : lanes) {
            work += lane.run(vector);
        }
        for (Lane lane : lanes) {
            work += lane.flush();
        }
        return work;
    }

    /** Whether a queue is to be served soon, so that the thread must come back without being woken. */
    public boolean pending() {
        for (Lane lane : lanes) { // every queue of both ports receives in one direction
            if (lane.from().pending()) {
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

    /** Ends the link: sends what waits for others. Cold. */
    public void settle() {
        a.dials().unwatch(turned);
        b.dials().unwatch(turned);
        for (Outlet outlet : outlets) {
            outlet.settle();
        }
    }
}
