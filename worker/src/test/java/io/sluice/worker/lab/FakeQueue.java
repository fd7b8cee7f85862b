package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.WorkerCalls;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** A queue without a kernel behind it: what is to be received is said, and what was sent is counted. Any thread may look. */
public final class FakeQueue implements PortQueue {
    private static final ByteBuffer ONE = Native.allocate(8).putLong(0, 1);

    private final Fd fd;
    private volatile int polls;
    private volatile int arriving;
    private volatile int queued;
    private volatile int flushed;
    private volatile int flushes;
    private volatile long flushedNs;
    private volatile int room = 512;
    private volatile boolean pending;

    /** @param fd an eventfd, readable as soon as something arrives; consumed; null if nobody watches the queue */
    public FakeQueue(Fd fd) {
        this.fd = fd;
    }

    /** A port of this queue alone. */
    public Port port(String name) {
        return new Port(Lab.info(PortKind.PACKET, name, 1500, 256), List.of(this), new Counters(), Map::of);
    }

    /** {@code n} packets more are to be received. */
    public synchronized void arrive(int n) {
        arriving += n;
        if (fd != null) {
            WorkerCalls.LIBC.write(fd.number(), Native.address(ONE), 8);
        }
    }

    /** Room for so many packets altogether. */
    public void room(int packets) {
        room = packets;
    }

    /** Whether it has to be served soon though nothing arrives, as one whose kernel has more to send. */
    public void pending(boolean whether) {
        pending = whether;
    }

    /** How often it was polled. */
    public int polls() {
        return polls;
    }

    /** Packets that went to the kernel. */
    public int flushed() {
        return flushed;
    }

    /** Flushes that had packets. */
    public int flushes() {
        return flushes;
    }

    /** When the last of them was. */
    public long flushedNs() {
        return flushedNs;
    }

    @Override
    public synchronized int poll(Vector vector, int limit) {
        polls++;
        int n = Math.min(arriving, limit);
        for (int i = 0; i < n; i++) {
            vector.add(0, 60, 0);
        }
        arriving -= n;
        return n;
    }

    @Override
    public boolean offloads() {
        return false;
    }

    @Override
    public int room() {
        return room - queued;
    }

    @Override
    public synchronized void send(Vector vector) {
        queued += vector.count;
        vector.clear();
    }

    @Override
    public synchronized int flush() {
        int n = queued;
        if (n > 0) {
            flushedNs = System.nanoTime();
            queued = 0;
            flushes++;
            flushed += n;
        }
        return n;
    }

    @Override
    public int queued() {
        return queued;
    }

    @Override
    public boolean pending() {
        return pending;
    }

    @Override
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        if (fd != null) {
            fd.close();
        }
    }

    @Override
    public void reclaim() {}
}
