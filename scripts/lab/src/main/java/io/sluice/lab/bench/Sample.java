package io.sluice.lab.bench;

/**
 * A count at a time.
 *
 * @param ns nanoseconds of any monotonic clock
 * @param count what has been counted so far
 */
record Sample(double ns, double count) {
    /** The count at the time of this call. */
    static Sample now(double count) {
        return new Sample(System.nanoTime(), count);
    }

    /** Millions a second between this sample and a later one of the same clock. */
    double millionsUntil(Sample later) {
        return (later.count - count) / (later.ns - ns) * 1e3;
    }
}
