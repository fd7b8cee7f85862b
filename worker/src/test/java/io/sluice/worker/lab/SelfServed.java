package io.sluice.worker.lab;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.SharedSocket;

/** A queue that shares a socket, driven by tests like one that does not: it serves the socket itself. */
public final class SelfServed implements PortQueue {
    private final PortQueue queue;
    private final SharedSocket socket;

    private SelfServed(PortQueue queue) {
        this.queue = queue;
        this.socket = queue.shared();
        queue.waiter(() -> {});
    }

    /** The port with its queues made independent; itself if they are. */
    public static Port of(Port port) {
        if (port.queues().get(0).shared() == null) {
            return port;
        }
        return new Port(
                port.info(),
                port.queues().stream().<PortQueue>map(SelfServed::new).toList(),
                port.states(),
                port.kernel());
    }

    @Override
    public int poll(Vector vector, int limit) {
        if (queue.poll(vector, limit) == 0) {
            socket.receive();
            queue.poll(vector, limit);
        }
        return vector.count;
    }

    @Override
    public boolean offloads() {
        return queue.offloads();
    }

    @Override
    public int room() {
        return queue.room();
    }

    @Override
    public void send(Vector vector) {
        queue.send(vector);
    }

    @Override
    public int flush() {
        return queue.flush() + socket.flush();
    }

    @Override
    public int queued() {
        return queue.queued();
    }

    @Override
    public boolean pending() {
        return queue.pending() || socket.pending();
    }

    @Override
    public Fd fd() {
        return queue.fd();
    }

    @Override
    public void close() {
        queue.close();
    }

    @Override
    public void reclaim() {
        queue.reclaim();
    }

    @Override
    public Rings rings() {
        return queue.rings();
    }
}
