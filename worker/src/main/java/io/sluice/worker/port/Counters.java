package io.sluice.worker.port;

import io.sluice.worker.memory.Pad;

/** The counters of one queue: written by its data-path thread, which also copies them for others between cycles. */
@SuppressWarnings("EnumOrdinal") // an index into an array of this run, never stored or sent
public final class Counters {
    private static final PortCounter[] ALL = PortCounter.values();

    private final long[] values;
    private final int first;

    public Counters() {
        this(0);
    }

    private Counters(int slack) {
        first = slack;
        values = new long[slack + ALL.length + slack];
    }

    /** Counters that have their cache lines to themselves, for queues of one port that several threads may serve. */
    public static Counters apart() {
        return new Counters(Pad.BYTES / Long.BYTES);
    }

    /** Adds {@code n}. */
    public void add(PortCounter counter, long n) {
        values[first + counter.ordinal()] += n;
    }

    /** The value now. */
    public long get(PortCounter counter) {
        return values[first + counter.ordinal()];
    }

    /** A copy. Cold. */
    public Counters copy() {
        Counters copy = new Counters();
        copy.addAll(this);
        return copy;
    }

    /** Adds all of {@code other}. Cold. */
    public void addAll(Counters other) {
        for (PortCounter counter : ALL) {
            add(counter, other.get(counter));
        }
    }

    /** Packets that came in. */
    public long received() {
        return get(PortCounter.RX_PACKETS);
    }

    /** Packets that came about here, by segmenting superframes. */
    public long created() {
        return get(PortCounter.TX_SEGMENTED);
    }

    /** Packets that ended here without being sent or dropped: they are part of another one now. */
    public long merged() {
        return get(PortCounter.RX_MERGED);
    }

    /** Packets that went out. */
    public long sent() {
        return get(PortCounter.TX_PACKETS);
    }

    /** Packets that were dropped, for whatever reason. Cold. */
    public long dropped() {
        long sum = 0;
        for (PortCounter counter : ALL) {
            if (counter.isDrop()) {
                sum += get(counter);
            }
        }
        return sum;
    }
}
