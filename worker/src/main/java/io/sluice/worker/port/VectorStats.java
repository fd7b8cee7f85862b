package io.sluice.worker.port;

/** How full a port's vectors are, as User Mode Linux reports it of its own. Written by the data-path thread, each vector once. */
public final class VectorStats {
    private int rxMax;
    private int rxAverage;
    private int txMax;
    private int txAverage;
    private long deadlines;

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

    /** A copy. Cold. */
    public VectorStats copy() {
        VectorStats copy = new VectorStats();
        copy.rxMax = rxMax;
        copy.rxAverage = rxAverage;
        copy.txMax = txMax;
        copy.txAverage = txAverage;
        copy.deadlines = deadlines;
        return copy;
    }
}
