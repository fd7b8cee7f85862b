package io.sluice.worker.port.tunnel;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;

/**
 * Received packets that wait to be polled: a queue for each tunnel, all in the same arrays, so that ten thousand tunnels
 * need no more memory than one. The queues are linked lists of array indices.
 */
final class Backlog {
    private static final int NONE = -1;

    private final int[] offset;
    private final int[] length;
    private final int[] next;
    private int free;
    private int freeCount;

    /** One tunnel's packets. The tunnel is one itself: an object fewer that has to come into the cache. */
    abstract static class Queue {
        private int head = NONE;
        private int tail = NONE;
        private int count;

        final int count() {
            return count;
        }
    }

    /** @param capacity packets in all queues together */
    Backlog(int capacity) {
        offset = new int[capacity];
        length = new int[capacity];
        next = new int[capacity];
        for (int i = 0; i < capacity; i++) {
            next[i] = i - 1;
        }
        free = capacity - 1;
        freeCount = capacity;
    }

    /** How many packets more it takes. */
    int free() {
        return freeCount;
    }

    /** Appends; there must be room. */
    void add(Queue queue, int packetOffset, int packetLength) {
        int i = free;
        free = next[i];
        freeCount--;
        offset[i] = packetOffset;
        length[i] = packetLength;
        next[i] = NONE;
        if (queue.count++ == 0) {
            queue.head = i;
        } else {
            next[queue.tail] = i;
        }
        queue.tail = i;
    }

    /** Moves up to {@code limit} packets to {@code vector}; returns their bytes. */
    long take(Queue queue, Vector vector, int limit) {
        long bytes = 0;
        int n = Math.min(limit, queue.count);
        for (int k = 0; k < n; k++) {
            int i = queue.head;
            vector.add(offset[i], length[i], 0);
            bytes += length[i];
            remove(queue);
        }
        return bytes;
    }

    private void remove(Queue queue) {
        int i = queue.head;
        queue.head = next[i];
        queue.count--;
        next[i] = free;
        free = i;
        freeCount++;
    }

    /** Frees the frames of all packets of {@code queue}; returns how many there were. */
    int drop(Queue queue, FramePool pool) {
        int n = queue.count;
        while (queue.count > 0) {
            pool.give(offset[queue.head]);
            remove(queue);
        }
        return n;
    }
}
