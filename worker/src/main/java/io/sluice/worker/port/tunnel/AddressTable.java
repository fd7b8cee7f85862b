package io.sluice.worker.port.tunnel;

/**
 * A map from (IP address, number) to T: open addressing, linear probing, at most half full. A look-up that hits or misses
 * reads one cache line as a rule, so that ten thousand tunnels cost what one does, and it allocates nothing.
 */
final class AddressTable<T> {
    /** High half of the address, low half, number, 1 if used: half a cache line. */
    private static final int STRIDE = 4;

    private static final int LEAST = 64;

    private long[] entries = new long[LEAST * STRIDE];
    private Object[] values = new Object[LEAST];
    private int mask = LEAST - 1;
    private int used;

    /** The value of a key; null if there is none. */
    T get(long high, long low, long number) {
        int i = find(high, low, number);
        return isUsed(i) ? value(i) : null;
    }

    @SuppressWarnings("unchecked") // put() is the only one that writes there
    private T value(int i) {
        return (T) values[i];
    }

    /** The entry of a key, or the free one where it would be. */
    private int find(long high, long low, long number) {
        int i = home(high, low, number);
        while (isUsed(i) && !isAt(i, high, low, number)) {
            i = (i + 1) & mask;
        }
        return i;
    }

    /** Where a look-up of the key begins. */
    int home(long high, long low, long number) {
        // Odd factors that have nothing to do with each other: neighbouring addresses with neighbouring numbers, which
        // is
        // what networks consist of, end up apart.
        long mixed = high * 0xbf58476d1ce4e5b9L + low * 0x94d049bb133111ebL + number * 0x9e3779b97f4a7c15L;
        mixed ^= mixed >>> 32;
        mixed *= 0x9e3779b97f4a7c15L;
        return (int) (mixed >>> 32) & mask;
    }

    /** Reads what a look-up that begins at {@code home} reads first, so that it is in the cache. */
    long touch(int home) {
        return entries[home * STRIDE + 2] + (values[home] == null ? 0 : 1);
    }

    private boolean isUsed(int i) {
        return entries[i * STRIDE + 3] != 0;
    }

    private boolean isAt(int i, long high, long low, long number) {
        int at = i * STRIDE;
        return entries[at + 1] == low && entries[at + 2] == number && entries[at] == high;
    }

    /** Adds a value; returns false if the key has one, which stays. Cold. */
    boolean put(long high, long low, long number, T value) {
        if ((used + 1) * 2 > values.length) {
            grow();
        }
        int i = find(high, low, number);
        if (isUsed(i)) {
            return false;
        }
        set(i, high, low, number, value);
        used++;
        return true;
    }

    private void set(int i, long high, long low, long number, Object value) {
        int at = i * STRIDE;
        entries[at] = high;
        entries[at + 1] = low;
        entries[at + 2] = number;
        entries[at + 3] = 1;
        values[i] = value;
    }

    private void grow() {
        long[] oldEntries = entries;
        Object[] oldValues = values;
        entries = new long[oldEntries.length * 2];
        values = new Object[oldValues.length * 2];
        mask = values.length - 1;
        for (int i = 0; i < oldValues.length; i++) {
            int at = i * STRIDE;
            if (oldEntries[at + 3] != 0) {
                int to = find(oldEntries[at], oldEntries[at + 1], oldEntries[at + 2]);
                set(to, oldEntries[at], oldEntries[at + 1], oldEntries[at + 2], oldValues[i]);
            }
        }
    }

    /** Removes a key if it is there. Cold. */
    void remove(long high, long low, long number) {
        int hole = find(high, low, number);
        if (!isUsed(hole)) {
            return;
        }
        used--;
        // Whatever was put behind the hole because it was taken moves up (Knuth, 6.4, algorithm R).
        for (int i = (hole + 1) & mask; isUsed(i); i = (i + 1) & mask) {
            int at = i * STRIDE;
            int home = home(entries[at], entries[at + 1], entries[at + 2]);
            if (((i - home) & mask) >= ((i - hole) & mask)) {
                set(hole, entries[at], entries[at + 1], entries[at + 2], values[i]);
                hole = i;
            }
        }
        entries[hole * STRIDE + 3] = 0;
        values[hole] = null;
    }

    int size() {
        return used;
    }

    /** The most entries that looking a key up reads beyond the first. Cold. */
    int longestProbe() {
        int longest = 0;
        for (int i = 0; i < values.length; i++) {
            int at = i * STRIDE;
            if (isUsed(i)) {
                longest = Math.max(longest, (i - home(entries[at], entries[at + 1], entries[at + 2])) & mask);
            }
        }
        return longest;
    }
}
