package io.sluice.worker.graph;

import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SwitchedOff;
import io.sluice.worker.port.VectorStats;
import java.util.function.LongSupplier;

/**
 * A queue as links send to it: what is switched off at its port is done in software first, and packets may wait a while for
 * others to share their system call.
 *
 * <p>Waiting packets are in the queue already; it is only its flush that waits: until there are {@link Dials#batch()} of them,
 * or the first one's time is over, or the queue has no room for what comes. With a deadline of 0 none of this costs more than
 * a comparison, and the clock is not read.
 */
final class Outlet {
    /** What one received packet may become: a superframe of 64 KiB is 45 segments of 1460 bytes. */
    private static final int MAX_SEGMENTS = 48;

    private final PortQueue queue;
    private final Dials dials;
    private final VectorStats vectors;
    private final Counters counters;
    private final boolean open;
    private final LongSupplier clock;
    private SwitchedOff software;
    private int held;
    private long due;

    /** @param clock in ns, as {@link System#nanoTime} */
    Outlet(Port port, int queue, LongSupplier clock) {
        this.queue = port.queues().get(queue);
        this.dials = port.state(queue).dials();
        this.vectors = port.state(queue).vectors();
        this.counters = port.state(queue).counters();
        this.open = this.queue.offloads();
        this.clock = clock;
    }

    /**
     * How many packets {@link #send} would take now; if that is none, the next flush does not wait.
     *
     * @param superframes whether they may be superframes
     */
    int room(boolean superframes) {
        int room = queue.room() / (superframes && (!open || dials.segments()) ? MAX_SEGMENTS : 1);
        if (room <= 0 && held > 0) {
            release();
        }
        return room;
    }

    /** Kinds of superframes that go on as they are, as bits of the segmentations ({@code Offload}) that they need. */
    int takes() {
        return open ? dials.takes() : 0;
    }

    /** As {@link Lane#touch}. */
    long touch() {
        return dials.holdNs() + vectors.txMax() + queue.room() + counters.get(PortCounter.TX_PACKETS);
    }

    PortQueue queue() {
        return queue;
    }

    /** Whether packets wait for others. */
    boolean isHolding() {
        return held > 0;
    }

    /** Takes over every packet of {@code vector}, which has some and is empty afterwards. */
    void send(Vector vector) {
        int n = vector.count;
        if (dials.holdNs() > 0) {
            hold(n);
        } else {
            vectors.sent(n);
        }
        if (dials.software() == 0 || !open) {
            queue.send(vector);
        } else {
            if (software == null) {
                software = new SwitchedOff(dials.pool(), counters, queue);
            }
            software.send(vector, dials.software());
        }
    }

    private void hold(int n) {
        if (held == 0) {
            due = clock.getAsLong() + dials.holdNs();
        }
        held += n;
    }

    /** Flushes the queue, unless its packets are to wait; returns the packets that moved. */
    int flush() {
        if (held > 0) {
            if (held < dials.batch() && dials.holdNs() > 0) {
                if (clock.getAsLong() - due < 0) {
                    return 0;
                }
                vectors.deadline();
            }
            release();
        }
        return queue.flush();
    }

    /** Lets what waits go with the next flush. */
    private void release() {
        vectors.sent(held);
        held = 0;
    }

    /** Nanoseconds until what waits has to be flushed, 0 or less if it is late; {@link Long#MAX_VALUE} if nothing waits. */
    long untilDue() {
        return held == 0 ? Long.MAX_VALUE : due - clock.getAsLong();
    }

    /** Flushes, whatever waits for whatever. */
    void settle() {
        if (held > 0) {
            release();
            queue.flush();
        }
    }
}
