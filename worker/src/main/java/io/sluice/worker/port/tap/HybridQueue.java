package io.sluice.worker.port.tap;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortQueue;

/** Receives by one queue, a vector a call, and sends by another. */
final class HybridQueue implements PortQueue {
    private final PortQueue reader;
    private final PortQueue writer;

    /** Both consumed; they share their counters. */
    HybridQueue(PortQueue reader, PortQueue writer) {
        this.reader = reader;
        this.writer = writer;
    }

    @Override
    public int poll(Vector vector, int limit) {
        return reader.poll(vector, limit);
    }

    @Override
    public boolean offloads() {
        return writer.offloads();
    }

    @Override
    public int room() {
        return writer.room();
    }

    @Override
    public void send(Vector vector) {
        writer.send(vector);
    }

    @Override
    public int flush() {
        return writer.flush();
    }

    @Override
    public int queued() {
        return writer.queued();
    }

    @Override
    public boolean pending() {
        return reader.pending() || writer.pending();
    }

    @Override
    public Fd fd() {
        return reader.fd();
    }

    @Override
    public void move(Home home) {
        reader.move(home);
        writer.move(home);
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
    }

    @Override
    public void reclaim() {
        // The kernel copies, both ways.
    }
}
