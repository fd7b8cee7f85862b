package io.sluice.worker.port.synthetic;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;

/** Fills every vector with copies of one frame; what it is given it forgets. */
final class GeneratorQueue extends NullQueue {
    private final byte[] frame;

    GeneratorQueue(Fd fd, byte[] frame, FramePool pool, Counters counters) {
        super(fd, pool, counters);
        if (frame.length > pool.room()) {
            throw new IllegalArgumentException(
                    "a frame of " + frame.length + " bytes: the pool's frames hold " + pool.room());
        }
        this.frame = frame.clone();
    }

    @Override
    public int poll(Vector vector, int limit) {
        int n = 0;
        while (n < limit) {
            int at = pool.take();
            if (at == FramePool.NONE) {
                break;
            }
            pool.bytes().put(at + FramePool.HEADROOM, frame);
            vector.add(at + FramePool.HEADROOM, frame.length, 0);
            n++;
        }
        if (n > 0) {
            counters.add(PortCounter.RX_PACKETS, n);
            counters.add(PortCounter.RX_BYTES, (long) n * frame.length);
            counters.add(PortCounter.RX_VECTORS, 1);
        }
        return n;
    }

    @Override
    public boolean offloads() {
        return false;
    }
}
