package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** What the pools over one mapping have in common. Nothing here changes for a packet. */
final class FrameMemory {
    private final Mapping mapping;
    private final int pools;
    private final BitSet holders = new BitSet();
    private int open;

    /** @param mapping consumed; unmapped with the last of {@code pools} */
    FrameMemory(Mapping mapping, int pools) {
        this.mapping = mapping;
        this.pools = pools;
        this.open = pools;
    }

    int pools() {
        return pools;
    }

    ByteBuffer bytes() {
        return mapping.bytes();
    }

    long address() {
        return mapping.address();
    }

    int size() {
        return mapping.size();
    }

    /** As {@link FramePool#newHolder}; the number is good in all pools, so that a queue can move. */
    synchronized int newHolder() {
        int id = holders.nextClearBit(1);
        if (id > Short.MAX_VALUE) {
            throw new IllegalStateException("a frame pool serves at most " + Short.MAX_VALUE + " queues");
        }
        holders.set(id);
        return id;
    }

    synchronized void freeHolder(int id) {
        holders.clear(id);
    }

    /** One pool is closed. */
    synchronized void close() {
        if (--open == 0) {
            mapping.close();
        }
    }
}
