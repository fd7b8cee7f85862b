package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;

/**
 * Packets that wait in a port to be sent, in order, for ports whose kernel side copies. What goes in is made to fit: with a
 * vnet header exactly where the port has one, no longer than the port can send, no shorter than an Ethernet header.
 */
public final class Backlog {
    /** Most packets that wait. */
    public static final int CAPACITY = 2 * Vector.CAPACITY;

    private final FramePool pool;
    private final Counters counters;
    private final boolean vnet;
    private final int maxFrame;
    private final SoftOffload offload;

    /** Made when the first packet waits: 4 KiB that a port to which nobody sends does without. */
    private int[] offsets;

    private int[] lengths;
    private int head;
    private int waiting;

    /**
     * @param vnet whether the port writes a virtio_net_hdr before each packet
     * @param maxFrame longest frame that is no superframe, in bytes
     */
    public Backlog(FramePool pool, Counters counters, boolean vnet, int maxFrame) {
        this.pool = pool;
        this.counters = counters;
        this.vnet = vnet;
        this.maxFrame = maxFrame;
        this.offload = new SoftOffload(pool, counters, (offset, length) -> queue(offset, length, false));
    }

    /** How many packets there is room for. */
    public int room() {
        return CAPACITY - waiting;
    }

    /** How many packets wait. */
    public int waiting() {
        return waiting;
    }

    /** Where the {@code i}-th packet that waits begins, in the pool. */
    public int offset(int i) {
        return offsets[(head + i) % CAPACITY];
    }

    /** Bytes of the {@code i}-th packet that waits, without a vnet header. */
    public int length(int i) {
        return lengths[(head + i) % CAPACITY];
    }

    /** Takes over the packets of {@code vector}; what does not fit is dropped and counted. */
    public void send(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            int length = vector.length[i];
            boolean open = vector.flags[i] != 0;
            if (open == vnet) {
                queue(offset, length, open && SoftOffload.isSuperframe(pool, offset));
            } else if (open) {
                offload.send(offset, length);
            } else {
                pool.bytes().putLong(offset - 10, 0).putShort(offset - 2, (short) 0);
                queue(offset, length, false);
            }
        }
        vector.clear();
    }

    /** @param whole whether the kernel segments the packet, so that it may be longer than a frame */
    private void queue(int offset, int length, boolean whole) {
        if (length < FrameLimits.ETHERNET_HEADER) {
            drop(
                    PortCounter.TX_DROP_MALFORMED,
                    offset); // a message without bytes would end some peers' reception for good
        } else if (length > maxFrame && !whole) {
            drop(PortCounter.TX_DROP_TOO_LONG, offset);
        } else if (waiting == CAPACITY) {
            drop(PortCounter.TX_DROP_FULL, offset);
        } else {
            if (offsets == null) {
                offsets = new int[CAPACITY];
                lengths = new int[CAPACITY];
            }
            int at = (head + waiting) % CAPACITY;
            offsets[at] = offset;
            lengths[at] = length;
            waiting++;
        }
    }

    private void drop(PortCounter reason, int offset) {
        counters.add(reason, 1);
        pool.give(offset);
    }

    /** The first {@code n} packets have been sent. */
    public void sent(int n) {
        counters.add(PortCounter.TX_BYTES, remove(n));
        counters.add(PortCounter.TX_PACKETS, n);
    }

    /** The first {@code n} packets are dropped. */
    public void dropped(int n, PortCounter reason) {
        remove(n);
        counters.add(reason, n);
    }

    private long remove(int n) {
        long bytes = 0;
        for (int i = 0; i < n; i++) {
            pool.give(offsets[head]);
            bytes += lengths[head];
            head = (head + 1) % CAPACITY;
        }
        waiting -= n;
        return bytes;
    }

    /** The port is removed: what waits is dropped. */
    public void close() {
        dropped(waiting, PortCounter.TX_DROP_CLOSED);
    }
}
