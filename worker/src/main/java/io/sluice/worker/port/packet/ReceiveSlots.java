package io.sluice.worker.port.packet;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;

/**
 * Frames that wait to be received into, one for each message of a receive call. The sockets of a data-path thread share
 * them, as it serves one at a time: a thousand ports need no more memory than one, and the frames used next are those that
 * were just freed, still in the cache.
 *
 * <p>Slots below {@code empty} have no frame; they are filled from the top down, so the filled ones are always the last.
 */
public final class ReceiveSlots {
    private final FramePool pool;
    private final boolean large;
    private final int vnet;
    private final int room;
    private final Messages messages;
    private final Messages outgoing = new Messages(Vector.CAPACITY, false);
    private final int[] frames = new int[Vector.CAPACITY];
    private int empty = Vector.CAPACITY;

    /**
     * @param large whether frames that hold superframes are wanted
     * @param vnet bytes of virtio_net_hdr before each packet: 0 or 10
     */
    public ReceiveSlots(FramePool pool, boolean large, int vnet) {
        this(pool, large, vnet, true);
    }

    private ReceiveSlots(FramePool pool, boolean large, int vnet, boolean control) {
        this.messages = new Messages(Vector.CAPACITY, control);
        this.pool = pool;
        this.large = large;
        this.vnet = vnet;
        this.room = (large ? FramePool.LARGE_FRAME : pool.frameSize()) - FramePool.HEADROOM + vnet;
    }

    /** For sockets whose peers could send descriptors: without control data, so that the kernel discards them. */
    public static ReceiveSlots withoutControl(FramePool pool, boolean large) {
        return new ReceiveSlots(pool, large, 0, false);
    }

    /** Fills slots as far as the pool goes; returns how many of {@code wanted} messages can be received. */
    public int ready(int wanted) {
        while (empty > Vector.CAPACITY - wanted) {
            int frame = large ? pool.takeLarge() : pool.take();
            if (frame == FramePool.NONE) {
                break;
            }
            empty--;
            frames[empty] = frame;
            messages.data(empty, pool.address() + frame + FramePool.HEADROOM - vnet, room);
        }
        return Math.min(wanted, Vector.CAPACITY - empty);
    }

    /** Whether their frames hold superframes. */
    public boolean large() {
        return large;
    }

    /** Address of the first filled slot's message. */
    public long address() {
        return messages.address(empty);
    }

    /** Index of the first filled slot. */
    public int first() {
        return empty;
    }

    /** Where the packet in {@code slot} begins, in the pool. */
    public int offset(int slot) {
        return frames[slot] + FramePool.HEADROOM;
    }

    /** The messages, one a slot. */
    public Messages messages() {
        return messages;
    }

    /** Messages by which those who share these slots send, one after the other: 20 KiB, which each of them need not have. */
    public Messages outgoing() {
        return outgoing;
    }

    /** The first {@code n} filled slots have given their frames away. */
    public void consumed(int n) {
        empty += n;
    }

    /** Frees the frames. */
    public void close() {
        for (; empty < Vector.CAPACITY; empty++) {
            pool.give(frames[empty]);
        }
    }
}
