package io.sluice.worker.port;

/** The counters of one port: written by its data-path thread, which also copies them for others between cycles. */
@SuppressWarnings("EnumOrdinal") // an index into an array of this run, never stored or sent
public final class Counters {
    private static final PortCounter[] ALL = PortCounter.values();

    private final long[] values = new long[ALL.length];

    /** Adds {@code n}. */
    public void add(PortCounter counter, long n) {
        values[counter.ordinal()] += n;
    }

    /** The value now. */
    public long get(PortCounter counter) {
        return values[counter.ordinal()];
    }

    /** A copy. Cold. */
    public Counters copy() {
        Counters copy = new Counters();
        System.arraycopy(values, 0, copy.values, 0, values.length);
        return copy;
    }

    /** Adds all of {@code other}. Cold. */
    public void addAll(Counters other) {
        for (int i = 0; i < values.length; i++) {
            values[i] += other.values[i];
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
