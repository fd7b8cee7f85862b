package io.sluice.worker.graph;

import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Dials;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SwitchedOff;
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
    private final Counters counters;
    private final boolean open;
    private final LongSupplier clock;
    private SwitchedOff software;
    private int held;
    private long due;

    // Of the dials, here so that a vector need not look there.
    private long holdNs;
    private int batch;
    private int switchedOff;
    private int takes;
    private boolean segments;

    /** @param clock in ns, as {@link System#nanoTime} */
    Outlet(Port port, int queue, LongSupplier clock) {
        this.queue = port.queues().get(queue);
        this.dials = port.state(queue).dials();
        this.counters = port.state(queue).counters();
        this.open = this.queue.offloads();
        this.clock = clock;
    }

    /** The tuning of the port has changed. */
    void turned() {
        holdNs = dials.holdNs();
        batch = dials.batch();
        switchedOff = dials.software();
        takes = dials.takes();
        segments = !open || dials.segments();
    }

    /** Of its queue. */
    Dials dials() {
        return dials;
    }

    /** Whether packets are to wait for others. */
    boolean holds() {
        return holdNs > 0;
    }

    /**
     * How many packets {@link #send} would take now; if that is none, the next flush does not wait.
     *
     * @param superframes whether they may be superframes
     */
    int room(boolean superframes) {
        int room = queue.room() / (superframes && segments ? MAX_SEGMENTS : 1);
        if (room <= 0 && held > 0) {
            release();
        }
        return room;
    }

    /** Kinds of superframes that go on as they are, as bits of the segmentations ({@code Offload}) that they need. */
    int takes() {
        return open ? takes : 0;
    }

    /** As {@link Lane#touch}. */
    long touch() {
        return holdNs + queue.room() + counters.txMax();
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
        if (holdNs > 0) {
            hold(n);
        } else {
            counters.fillSent(n);
        }
        if (switchedOff == 0 || !open) {
            queue.send(vector);
        } else {
            if (software == null) {
                software = new SwitchedOff(dials.pool(), counters, queue);
            }
            software.send(vector, switchedOff);
        }
    }

    private void hold(int n) {
        if (held == 0) {
            due = clock.getAsLong() + holdNs;
        }
        held += n;
    }

    /** Flushes the queue, unless its packets are to wait; returns the packets that moved. */
    int flush() {
        if (held > 0) {
            if (held < batch && holdNs > 0) {
                if (clock.getAsLong() - due < 0) {
                    return 0;
                }
                counters.deadline();
            }
            release();
        }
        return queue.flush();
    }

    /** Lets what waits go with the next flush. */
    private void release() {
        counters.fillSent(held);
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
