package io.sluice.worker.port;

import io.sluice.worker.memory.Vector;
import java.util.concurrent.TimeUnit;

/**
 * What can be changed about a port while traffic flows.
 *
 * @param depth most packets a poll takes, 1..256
 * @param txUsecs how long a packet may wait for others to be sent with it; 0: not at all
 * @param txFrames how many waiting packets are enough to be sent at once; 0: as many as {@code depth}
 * @param off the {@link Offload}s that are switched off, by their bits
 */
public record Tuning(int depth, int txUsecs, int txFrames, int off) {
    /** Longest deadline, one second: longer than that a packet is late whatever it is. */
    public static final int MAX_USECS = 1_000_000;

    public Tuning {
        require("depth", depth, 1, Vector.CAPACITY);
        require("tx-usecs", txUsecs, 0, MAX_USECS);
        require("tx-frames", txFrames, 0, Vector.CAPACITY);
        if (txFrames != 0 && txUsecs == 0) {
            throw new IllegalArgumentException(
                    "tx-frames " + txFrames + " needs a deadline as well, tx-usecs: packets could wait for ever");
        }
    }

    private static void require(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " " + value + ": " + least + " to " + most + " is expected");
        }
    }

    /** What a port begins with: nothing waits, everything but {@link Offload#RX_UDP_GRO} is on. */
    public static Tuning of(int depth) {
        return new Tuning(depth, 0, 0, Offload.RX_UDP_GRO.bit());
    }

    /** The deadline in nanoseconds. */
    public long holdNs() {
        return TimeUnit.MICROSECONDS.toNanos(txUsecs);
    }

    /** How many waiting packets are sent at once. */
    public int batch() {
        return txFrames == 0 ? depth : txFrames;
    }

    /** Whether {@code offload} is in use; without checksums there is no segmentation either. */
    public boolean has(Offload offload) {
        return ((off | implied()) & offload.bit()) == 0;
    }

    /** What has to be done in software before a packet goes to the port, as bits of {@link Offload}s. */
    public int software() {
        return (off | implied()) & (Offload.TX_CHECKSUM.bit() | Offload.segmentations());
    }

    /** The segmentations that superframes may need which are made of what comes from the port, as bits. */
    int coalesces() {
        if (!has(Offload.RX_GRO)) {
            return 0;
        }
        return Offload.segmentations() & ~(has(Offload.RX_UDP_GRO) ? 0 : Offload.TX_UDP.bit());
    }

    /** The segmentations that superframes may need which go to the port as they are, as bits. */
    int takes() {
        return Offload.segmentations() & ~software();
    }

    /** Whether superframes of some kind have to be segmented first. */
    boolean segments() {
        return (software() & Offload.segmentations()) != 0;
    }

    private int implied() {
        return (off & Offload.TX_CHECKSUM.bit()) == 0 ? 0 : Offload.segmentations();
    }
}
