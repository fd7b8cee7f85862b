package io.sluice.worker.graph;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Two ports, joined: what one receives the other sends. Or a strand of that, which one thread serves.
 *
 * <p>Queue i of one side feeds queue i modulo n of the other, so packets of one flow, which the kernel steers to one queue,
 * stay in order. Queues that feed each other belong to one thread. So a link falls into as many {@link #strands} as the side
 * with fewer queues has: strand i has the queues of either side whose number modulo the number of strands is i.
 *
 * <p>A direction takes no more than the other side has room for: what exceeds it stays in the receive queue,
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

    /** All queues of both ports. */
    public CrossConnect(String name, Port a, Port b) {
        this(name, a, b, System::nanoTime);
    }

    /** @param clock for deadlines, in ns */
    CrossConnect(String name, Port a, Port b, LongSupplier clock) {
        this(name, a, b, 0, 1, clock);
    }

    private CrossConnect(String name, Port a, Port b, int strand, int strands, LongSupplier clock) {
        this.name = name;
        this.a = a;
        this.b = b;
        int allOfA = a.queues().size();
        int allOfB = b.queues().size();
        int fromA = (allOfA - strand + strands - 1) / strands;
        int fromB = (allOfB - strand + strands - 1) / strands;
        this.outlets = new Outlet[fromA + fromB];
        this.lanes = new Lane[fromA + fromB];
        for (int i = 0; i < outlets.length; i++) {
            outlets[i] = i < fromA
                    ? new Outlet(a, strand + i * strands, clock)
                    : new Outlet(b, strand + (i - fromA) * strands, clock);
        }
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = i < fromA
                    ? new Lane(a, strand + i * strands, outlets[fromA + i % fromB])
                    : new Lane(b, strand + (i - fromA) * strands, outlets[(i - fromA) % fromA]);
        }
        dials().forEach(dials -> dials.watch(turned));
        turned();
    }

    /** Those of its queues, each once. */
    private Stream<Dials> dials() {
        return Arrays.stream(outlets).map(Outlet::dials).distinct();
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

    /** The link in parts, no two of which have a queue in common. */
    public static List<CrossConnect> strands(String name, Port a, Port b) {
        int strands = Math.min(a.queues().size(), b.queues().size());
        return IntStream.range(0, strands)
                .mapToObj(strand -> new CrossConnect(name, a, b, strand, strands, System::nanoTime))
                .toList();
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

    /** Its queues have moved to the thread that {@code pool} belongs to, and find frames for what they make there. */
    public void home(FramePool pool) {
        for (Lane lane : lanes) {
            lane.home(pool);
        }
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
        dials().forEach(dials -> dials.unwatch(turned));
        for (Outlet outlet : outlets) {
            outlet.settle();
        }
    }
}
