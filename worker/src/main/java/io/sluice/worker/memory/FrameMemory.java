package io.sluice.worker.memory;

import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.stream.IntStream;

/** What the pools over one mapping have in common. Nothing here changes for a packet. */
final class FrameMemory {
    private static final int[] NOTHING = {};

    private final Mapping mapping;
    private final Ledger ledger;
    private final int pools;
    private final BitSet holders = new BitSet();

    /** Queues of a predecessor that nobody has adopted; their frames are neither free nor ours. */
    private final BitSet strangers = new BitSet();

    /** What each pool gets when it is settled; null before the first is. */
    private int[][] shares;

    private int open;

    /** @param mapping consumed; unmapped with the last of {@code pools} */
    FrameMemory(Mapping mapping, Ledger ledger, int pools) {
        this.mapping = mapping;
        this.ledger = ledger;
        this.pools = pools;
        this.open = pools;
        for (int i = 0; i < ledger.count(); i++) {
            if (ledger.get(i) > 0) {
                strangers.set(ledger.get(i));
            }
        }
    }

    int pools() {
        return pools;
    }

    Ledger ledger() {
        return ledger;
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
        while (strangers.get(id)) {
            id = holders.nextClearBit(id + 1);
        }
        if (id > Short.MAX_VALUE) {
            throw new IllegalStateException("a frame pool serves at most " + Short.MAX_VALUE + " queues");
        }
        holders.set(id);
        ledger.leaveOut(id, 0);
        return id;
    }

    synchronized void freeHolder(int id) {
        holders.clear(id);
    }

    /** As {@link FramePool#adopt}. */
    synchronized int adopt(int id) {
        if (id <= 0 || id >= Ledger.QUEUES || holders.get(id) || shares != null) {
            throw new IllegalStateException("no queue can take over frames under number " + id);
        }
        strangers.clear(id);
        holders.set(id);
        return id;
    }

    /** The numbers of the frames that pool {@code part} is to free now, the last first; once. */
    synchronized int[] settle(int part) {
        if (shares == null) {
            freeWhatStrangersHeld();
            shares = new int[pools][];
            cut();
        }
        int[] share = shares[part];
        shares[part] = NOTHING;
        return share;
    }

    private void freeWhatStrangersHeld() {
        for (int i = 0; i < ledger.count(); i++) {
            int id = ledger.get(i);
            if (id < 0 || strangers.get(id)) {
                ledger.put(i, 0);
            }
        }
        strangers.clear();
    }

    /**
     * In the order of the frames, so that pools of new memory get ranges; the last pools first, the first gets what is
     * left.
     */
    private void cut() {
        int[] small = free(0, ledger.small());
        int[] large = free(ledger.small(), ledger.count());
        int smallEnd = small.length;
        int largeEnd = large.length;
        for (int part = pools - 1; part >= 0; part--) {
            int smallFrom = part == 0 ? 0 : Math.max(0, smallEnd - share(ledger.small(), part));
            int largeFrom = part == 0 ? 0 : Math.max(0, largeEnd - share(ledger.count() - ledger.small(), part));
            shares[part] = IntStream.concat(
                            descending(small, smallFrom, smallEnd), descending(large, largeFrom, largeEnd))
                    .toArray();
            smallEnd = smallFrom;
            largeEnd = largeFrom;
        }
    }

    /** The {@code part}-th of equal shares. */
    private int share(int frames, int part) {
        return (int) ((long) frames * (part + 1) / pools - (long) frames * part / pools);
    }

    private int[] free(int from, int to) {
        return IntStream.range(from, to).filter(i -> ledger.get(i) == 0).toArray();
    }

    /** So that the lowest frame is the first to be taken. */
    private static IntStream descending(int[] numbers, int from, int to) {
        return IntStream.range(0, to - from).map(i -> numbers[to - 1 - i]);
    }

    /** One pool is closed. */
    synchronized void close() {
        if (--open == 0) {
            mapping.close();
        }
    }
}
