package io.sluice.worker.port.synthetic;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;

/** Counts what it is given as sent and frees it. */
class NullQueue implements PortQueue {
    final FramePool pool;
    final Counters counters;
    private final Fd fd;

    /** @param fd consumed */
    NullQueue(Fd fd, FramePool pool, Counters counters) {
        this.fd = fd;
        this.pool = pool;
        this.counters = counters;
    }

    @Override
    public int poll(Vector vector, int limit) {
        return 0;
    }

    @Override
    public boolean offloads() {
        return true; // superframes are forgotten whole
    }

    @Override
    public int room() {
        return Vector.CAPACITY;
    }

    @Override
    public void send(Vector vector) {
        long bytes = 0;
        for (int i = 0; i < vector.count; i++) {
            bytes += vector.length[i];
        }
        counters.add(PortCounter.TX_PACKETS, vector.count);
        counters.add(PortCounter.TX_BYTES, bytes);
        pool.giveAll(vector);
    }

    @Override
    public int flush() {
        return 0;
    }

    @Override
    public int queued() {
        return 0;
    }

    @Override
    public boolean pending() {
        return false;
    }

    @Override
    public Fd fd() {
        return fd;
    }

    @Override
    public void move(Home home) {
        pool.move(home.pool());
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public void reclaim() {
        // The kernel never had a frame.
    }
}
