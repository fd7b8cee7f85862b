package io.sluice.worker.codec;

/** Counts sequence numbers that are not above the one before, modulo 2^32. */
final class SequenceTracker {
    private boolean started;
    private int highest;
    private long outOfOrder;

    void saw(int sequence) {
        if (started && sequence - highest <= 0) {
            outOfOrder++;
        } else {
            highest = sequence;
            started = true;
        }
    }

    long outOfOrder() {
        return outOfOrder;
    }
}
