package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;

/**
 * Does in software, before a queue that could carry it open, what has been switched off there. The queue then writes zero vnet
 * headers; nothing has to be agreed with the kernel anew.
 */
public final class SwitchedOff {
    private static final int NEEDS_CSUM = 1;
    private static final int DATA_VALID = 2;

    private final FramePool pool;
    private final PortQueue queue;
    private final SoftOffload offload;
    private final Vector out = new Vector();

    /** @param queue gets the packets */
    public SwitchedOff(FramePool pool, Counters counters, PortQueue queue) {
        this.pool = pool;
        this.queue = queue;
        this.offload = new SoftOffload(pool, counters, (offset, length) -> append(offset, length, 0));
    }

    /** Sends every packet of {@code vector}, finished as far as {@code off} says; the vector is empty afterwards. */
    public void send(Vector vector, int off) {
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            int length = vector.length[i];
            if (vector.flags[i] != 0 && concerns(off, offset)) {
                offload.send(offset, length);
            } else {
                append(offset, length, vector.flags[i]);
            }
        }
        vector.clear();
        if (out.count > 0) {
            queue.send(out);
        }
    }

    private boolean concerns(int off, int offset) {
        int gsoType = SoftOffload.gsoType(pool, offset);
        if (gsoType != 0) {
            return (off & Offload.bitOf(gsoType)) != 0;
        }
        return (off & Offload.TX_CHECKSUM.bit()) != 0 && (SoftOffload.flags(pool, offset) & NEEDS_CSUM) != 0;
    }

    private void append(int offset, int length, int flags) {
        if (out.count == Vector.CAPACITY) {
            queue.send(out);
        }
        out.add(offset, length, flags);
    }

    /**
     * Fills in the open checksums of what came, and forgets which ones others have verified. Superframes stay as they are: who
     * segments them computes all checksums, and so does who takes them whole.
     */
    public static void complete(FramePool pool, Vector vector) {
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            if (vector.flags[i] != 0 && SoftOffload.gsoType(pool, offset) == 0) {
                // One whose header points outside of it stays, and is dropped and counted where it is sent.
                SoftOffload.complete(pool, offset, vector.length[i]);
                SoftOffload.clear(pool, offset, DATA_VALID);
            }
        }
    }
}
