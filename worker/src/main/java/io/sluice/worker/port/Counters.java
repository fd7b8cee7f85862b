package io.sluice.worker.port;

import io.sluice.worker.memory.Pad;

/**
 * The counters of one queue, and how full its vectors are: written by its data-path thread, which also copies them for others
 * between cycles. What every packet counts is in fields, next to each other: with ten thousand ports each cache line is one
 * that has to be fetched. No other object is on these lines, as another thread may serve the next queue.
 */
@SuppressWarnings("EnumOrdinal") // an index into an array of this run, never stored or sent
public final class Counters extends CounterFields {
    private static final PortCounter[] ALL = PortCounter.values();

    /** Longs before and behind the values, which have their lines to themselves. */
    private static final int SLACK = Pad.BYTES / Long.BYTES;

    /** All that are no fields, by ordinal. */
    private final long[] values = new long[SLACK + ALL.length + SLACK];

    long after0;
    long after1;
    long after2;
    long after3;
    long after4;
    long after5;
    long after6;
    long after7;

    /** Adds {@code n}. */
    public void add(PortCounter counter, long n) {
        switch (counter) {
            case RX_PACKETS -> rxPackets += n;
            case RX_BYTES -> rxBytes += n;
            case RX_VECTORS -> rxVectors += n;
            case TX_PACKETS -> txPackets += n;
            case TX_BYTES -> txBytes += n;
            default -> values[SLACK + counter.ordinal()] += n;
        }
    }

    /** Adds a vector of {@code n} packets, at least one, that came: as packets, bytes and vectors. */
    public void received(int n, long bytes) {
        rxPackets += n;
        rxBytes += bytes;
        rxVectors++;
    }

    /** Adds {@code n} packets that the kernel took. */
    public void sent(int n, long bytes) {
        txPackets += n;
        txBytes += bytes;
    }

    /** The value now. */
    public long get(PortCounter counter) {
        return switch (counter) {
            case RX_PACKETS -> rxPackets;
            case RX_BYTES -> rxBytes;
            case RX_VECTORS -> rxVectors;
            case TX_PACKETS -> txPackets;
            case TX_BYTES -> txBytes;
            default -> values[SLACK + counter.ordinal()];
        };
    }

    /** A copy. Cold. */
    public Counters copy() {
        Counters copy = new Counters();
        copy.addAll(this);
        copy.rxAverage = rxAverage;
        copy.txAverage = txAverage;
        return copy;
    }

    /** Adds all of {@code other}; of the averages, the greater one stays. Cold. */
    public void addAll(Counters other) {
        for (PortCounter counter : ALL) {
            add(counter, other.get(counter));
        }
        rxMax = Math.max(rxMax, other.rxMax);
        txMax = Math.max(txMax, other.txMax);
        rxAverage = Math.max(rxAverage, other.rxAverage);
        txAverage = Math.max(txAverage, other.txAverage);
        deadlines += other.deadlines;
    }

    // How full vectors are, as User Mode Linux reports it of its own: noted once a vector.

    /** A vector of {@code n} packets, at least one, came. */
    public void fillReceived(int n) {
        rxMax = Math.max(rxMax, n);
        rxAverage = (rxAverage + n) >> 1;
    }

    /** {@code n} packets, at least one, went to the kernel together. */
    public void fillSent(int n) {
        txMax = Math.max(txMax, n);
        txAverage = (txAverage + n) >> 1;
    }

    /** Packets were sent because their time was over, not because they were enough. */
    public void deadline() {
        deadlines++;
    }

    /** Most packets that a poll brought. */
    public int rxMax() {
        return rxMax;
    }

    /** Running average of packets a poll, each vector weighing as much as all before it; rounded down every time. */
    public int rxAverage() {
        return rxAverage;
    }

    /** Most packets that went to the kernel together. */
    public int txMax() {
        return txMax;
    }

    /** As {@link #rxAverage()}, of what went. */
    public int txAverage() {
        return txAverage;
    }

    /** Times that a deadline was over. */
    public long deadlines() {
        return deadlines;
    }

    // Sums

    /** Packets that came in. */
    public long received() {
        return rxPackets;
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
        return txPackets;
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

/** What is written for every packet and vector. */
abstract class CounterFields extends Pad {
    long rxPackets;
    long rxBytes;
    long rxVectors;
    long txPackets;
    long txBytes;
    long deadlines;
    int rxMax;
    int rxAverage;
    int txMax;
    int txAverage;
}
