package io.sluice.worker.port.xdp;

import io.sluice.worker.memory.Pad;
import io.sluice.worker.sys.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One of the four single-producer single-consumer rings of an AF_XDP socket, in memory shared with the kernel.
 *
 * <pre>
 *  producer u32 | consumer u32 | flags u32      at offsets that XDP_MMAP_OFFSETS tells
 *  desc         | size entries of 8 bytes (fill, completion) or 16 (rx, tx)
 * </pre>
 *
 * Indices run freely; an entry is at index modulo size. The other side's index is read with acquire, ours is written with
 * release: entries are visible before the index that covers them, and read before the index that frees them. Both sides'
 * last known values are cached, so that the shared cache line is touched once a batch.
 */
final class Ring extends RingIndices implements AutoCloseable {
    long after0;
    long after1;
    long after2;
    long after3;
    long after4;
    long after5;
    long after6;
    long after7;

    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int NEED_WAKEUP = 1;

    /** Offsets of one ring in its mapping (struct xdp_ring_offset), in bytes. */
    record Offsets(int producer, int consumer, int desc, int flags) {}

    final ByteBuffer bytes;
    final int desc;
    final int mask;
    private final Mapping mapping;
    private final int producerAt;
    private final int consumerAt;
    private final int flagsAt;

    Ring(Mapping mapping, Offsets offsets, int size, boolean weProduce) {
        this.mapping = mapping;
        this.bytes = mapping.bytes();
        this.desc = offsets.desc();
        this.mask = size - 1;
        this.producerAt = offsets.producer();
        this.consumerAt = offsets.consumer();
        this.flagsAt = offsets.flags();
        // A ring that an earlier process used goes on where that process stopped.
        this.own = bytes.getInt(weProduce ? producerAt : consumerAt);
        this.other = bytes.getInt(weProduce ? consumerAt : producerAt);
    }

    /** Entries that the kernel has produced and we have not consumed; reads the shared index if fewer than wanted. */
    int available(int wanted) {
        int n = other - own;
        if (n < wanted) {
            other = (int) INT.getAcquire(bytes, producerAt);
            n = other - own;
        }
        return n;
    }

    /** Entries that we may produce; reads the shared index if fewer than wanted. */
    int free(int wanted) {
        int n = mask + 1 - (own - other);
        if (n < wanted) {
            other = (int) INT.getAcquire(bytes, consumerAt);
            n = mask + 1 - (own - other);
        }
        return n;
    }

    /** Entries that we produced and the kernel has not consumed, read now. */
    int pending() {
        other = (int) INT.getAcquire(bytes, consumerAt);
        return own - other;
    }

    /** How many entries it has. */
    int entries() {
        return mask + 1;
    }

    /** The kernel's index when it was last read. */
    int known() {
        return other;
    }

    /** Publishes what was produced up to {@link #own}. */
    void publish() {
        INT.setRelease(bytes, producerAt, own);
    }

    /** Frees what was consumed up to {@link #own}. */
    void consumed() {
        INT.setRelease(bytes, consumerAt, own);
    }

    /** Whether the kernel asks for a system call to go on. */
    boolean needsWakeup() {
        return ((int) INT.getOpaque(bytes, flagsAt) & NEED_WAKEUP) != 0;
    }

    /** Where entry {@code index} of 8 bytes is. */
    int at8(int index) {
        return desc + ((index & mask) << 3);
    }

    /** Where entry {@code index} of 16 bytes is. */
    int at16(int index) {
        return desc + ((index & mask) << 4);
    }

    @Override
    public void close() {
        mapping.close();
    }
}

/** What is written each time that a ring is used, on cache lines of its own: rings of several threads lie beside each other. */
abstract class RingIndices extends Pad {
    /** Our index: the producer's of fill and tx, the consumer's of rx and completion. */
    int own;

    /** The kernel's index when it was last read. */
    int other;
}
