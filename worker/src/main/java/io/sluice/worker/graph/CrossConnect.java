package io.sluice.worker.graph;

import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;

/**
 * Two ports, joined: what one receives the other sends.
 *
 * <p>Queue i of one side feeds queue i modulo n of the other, so packets of one flow, which the kernel steers to one queue,
 * stay in order. A direction takes no more than the other side has room for: what exceeds it stays in the receive queue,
 * where the kernel drops early and counts, and no work is spent on a packet that can't leave.
 */
public final class CrossConnect {
    private static final int MAX_SEGMENTS = 48;

    private final String name;
    private final Port a;
    private final Port b;
    private final Direction[] directions;

    public CrossConnect(String name, Port a, Port b) {
        this.name = name;
        this.a = a;
        this.b = b;
        int fromA = a.queues().size();
        this.directions = new Direction[fromA + b.queues().size()];
        for (int i = 0; i < directions.length; i++) {
            directions[i] = i < fromA ? new Direction(a, i, b) : new Direction(b, i - fromA, a);
        }
    }

    /** The name. */
    public String name() {
        return name;
    }

    /** One side. */
    public Port a() {
        return a;
    }

    /** The other side. */
    public Port b() {
        return b;
    }

    /** Moves one vector in each direction; returns the packets moved. */
    public int run(Vector vector) {
        int work = 0;
        for (Direction direction : directions) {
            work += direction.run(vector);
        }
        for (Direction direction : directions) {
            work += direction.to.flush();
        }
        return work;
    }

    /** Whether a queue is to be served soon, so that the thread must come back without being woken. */
    public boolean pending() {
        for (Direction direction : directions) { // every queue of both ports receives in one direction
            if (direction.from.pending()) {
                return true;
            }
        }
        return false;
    }

    private static final class Direction {
        private final PortQueue from;
        private final PortQueue to;
        private final int depth;

        /** What one received packet may become: a superframe of 64 KiB is 45 segments of 1460 bytes. */
        private final int packetsEach;

        Direction(Port from, int queue, Port to) {
            this.from = from.queues().get(queue);
            this.to = to.queues().get(queue % to.queues().size());
            this.depth = from.info().depth();
            this.packetsEach = this.from.offloads() && !this.to.offloads() ? MAX_SEGMENTS : 1;
        }

        int run(Vector vector) {
            int limit = Math.min(depth, to.room() / packetsEach);
            if (limit <= 0) {
                return 0;
            }
            int n = from.poll(vector, limit);
            if (n > 0) {
                to.send(vector);
            }
            return n;
        }
    }
}
