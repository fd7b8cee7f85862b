package io.sluice.worker.port;

import io.sluice.worker.memory.Pad;

/**
 * How full a queue's vectors are, as User Mode Linux reports it of its devices. Written by the data-path thread, each vector
 * once, on cache lines of their own.
 */
public final class VectorStats extends VectorFigures {
    long after0;
    long after1;
    long after2;
    long after3;
    long after4;
    long after5;
    long after6;
    long after7;

    /** A vector of {@code n} packets, at least one, came. */
    public void received(int n) {
        rxMax = Math.max(rxMax, n);
        rxAverage = (rxAverage + n) >> 1;
    }

    /** {@code n} packets, at least one, went to the kernel together. */
    public void sent(int n) {
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

    /**
     * Adds another queue of the same port: the greater of the greatest, the greater of the averages, the sum of the deadlines.
     * Cold.
     */
    public void addAll(VectorStats other) {
        rxMax = Math.max(rxMax, other.rxMax);
        rxAverage = Math.max(rxAverage, other.rxAverage);
        txMax = Math.max(txMax, other.txMax);
        txAverage = Math.max(txAverage, other.txAverage);
        deadlines += other.deadlines;
    }

    /** A copy. Cold. */
    public VectorStats copy() {
        VectorStats copy = new VectorStats();
        copy.addAll(this);
        return copy;
    }
}

/** What is written. */
abstract class VectorFigures extends Pad {
    int rxMax;
    int rxAverage;
    int txMax;
    int txAverage;
    long deadlines;
}
