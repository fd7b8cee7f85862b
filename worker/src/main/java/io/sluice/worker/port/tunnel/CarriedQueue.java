package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.codec.Drop;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Session;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.SharedSocket;
import io.sluice.worker.port.SoftOffload;
import io.sluice.worker.sys.Waiter;

/**
 * A queue whose frames travel in the frames of another one: NSH in Ethernet. The other queue counts what passes it; what
 * has no such header, or a wrong one, is dropped here.
 */
final class CarriedQueue implements PortQueue {
    private final PortQueue carrier;
    private final Encapsulation encapsulation;
    private final Session session;
    private final FramePool pool;
    private final Counters counters;
    private final SoftOffload offload;
    private final Vector carried = new Vector();
    private final int overhead;

    /**
     * @param carrier consumed; without offloads, as a header goes before each frame
     * @param counters the carrier's
     */
    CarriedQueue(PortQueue carrier, Encapsulation encapsulation, FramePool pool, Counters counters) {
        if (carrier.offloads()) {
            throw new IllegalArgumentException("a port with offloads can't carry frames in frames; switch them off");
        }
        this.carrier = carrier;
        this.encapsulation = encapsulation;
        this.session = encapsulation.open();
        this.pool = pool;
        this.counters = counters;
        this.offload = new SoftOffload(pool, counters, this::carry);
        this.overhead = session.overhead();
    }

    @Override
    public int poll(Vector vector, int limit) {
        int received = carrier.poll(vector, limit);
        vector.clear();
        for (int i = 0; i < received; i++) {
            int offset = vector.offset[i];
            int length = vector.length[i];
            long result = encapsulation.protocol().key(pool.bytes(), offset, length);
            if (result >= 0) {
                result = result == encapsulation.key()
                        ? session.strip(pool.bytes(), offset, length)
                        : Drop.SERVICE_PATH.code();
            }
            if (result < 0) {
                counters.add(Underlay.reason(result), 1);
                pool.give(offset);
            } else if (length - result < FrameLimits.ETHERNET_HEADER) {
                counters.add(PortCounter.RX_DROP_MALFORMED, 1);
                pool.give(offset);
            } else {
                vector.add(offset + (int) result, length - (int) result, vector.flags[i]);
            }
        }
        return vector.count;
    }

    @Override
    public boolean offloads() {
        return false;
    }

    @Override
    public int room() {
        return carrier.room();
    }

    @Override
    public void send(Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            if (vector.flags[i] == 0) {
                carry(vector.offset[i], vector.length[i]);
            } else {
                offload.send(vector.offset[i], vector.length[i]); // before there is a header that it knows nothing of
            }
        }
        vector.clear();
        carrier.send(carried);
    }

    private void carry(int offset, int length) {
        if (carried.count == Vector.CAPACITY) {
            carrier.send(carried);
        }
        session.encapsulate(pool.bytes(), offset, length);
        carried.add(offset - overhead, length + overhead, 0);
    }

    @Override
    public int flush() {
        return carrier.flush();
    }

    @Override
    public int queued() {
        return carrier.queued();
    }

    @Override
    public boolean pending() {
        return carrier.pending();
    }

    @Override
    public SharedSocket shared() {
        return carrier.shared();
    }

    @Override
    public void waiter(Waiter waiter) {
        carrier.waiter(waiter);
    }

    @Override
    public Fd fd() {
        return carrier.fd();
    }

    @Override
    public void move(Home home) {
        carrier.move(home);
        pool.move(home.pool());
    }

    @Override
    public void close() {
        carrier.close();
    }

    @Override
    public void reclaim() {
        carrier.reclaim();
    }
}
