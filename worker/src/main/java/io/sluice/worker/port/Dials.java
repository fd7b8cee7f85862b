package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;
import java.util.ArrayList;
import java.util.List;

/**
 * The tuning of one port as it is now, in the form that costs the data path least to read. Data-path thread only, which turns
 * them between two cycles.
 */
public final class Dials {
    private Tuning tuning;
    private FramePool pool;
    private int depth;
    private int batch;
    private int software;
    private long holdNs;
    private boolean completes;
    private int coalesces;
    private int takes;
    private final List<Runnable> watchers = new ArrayList<>();

    /** @param depth most packets a poll takes, 1..256 */
    public Dials(int depth) {
        set(Tuning.of(depth));
    }

    /**
     * Applies {@code wanted}.
     *
     * @param frames for segments
     */
    public void turn(Tuning wanted, FramePool frames) {
        pool = frames;
        set(wanted);
        watchers.forEach(Runnable::run);
    }

    /** Runs {@code watcher} whenever they have been turned. */
    public void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    /** Undoes {@link #watch}. */
    public void unwatch(Runnable watcher) {
        watchers.remove(watcher);
    }

    private void set(Tuning wanted) {
        tuning = wanted;
        depth = wanted.depth();
        batch = wanted.batch();
        software = wanted.software();
        holdNs = wanted.holdNs();
        completes = !wanted.has(Offload.RX_CHECKSUM);
        coalesces = pool == null ? 0 : wanted.coalesces();
        takes = wanted.takes();
    }

    /** What they are set to. */
    public Tuning tuning() {
        return tuning;
    }

    /** Most packets a poll takes. */
    public int depth() {
        return depth;
    }

    /** How many waiting packets are sent at once. */
    public int batch() {
        return batch;
    }

    /** How long a packet may wait, in ns; 0: not at all. */
    public long holdNs() {
        return holdNs;
    }

    /** Bits of what has to be done in software before a packet goes to the port. */
    public int software() {
        return software;
    }

    /** Whether superframes of some kind have to be segmented before they go to the port. */
    public boolean segments() {
        return tuning.segments();
    }

    /** Whether open checksums of what comes from the port have to be filled in. */
    public boolean completes() {
        return completes;
    }

    /** Kinds of superframes that may be made of what comes from the port, as bits of the segmentations they need. */
    public int coalesces() {
        return coalesces;
    }

    /** Kinds of superframes that need not be segmented before they go to the port, if it can carry them. */
    public int takes() {
        return takes;
    }

    /** For segments; null until {@link #turn}. */
    public FramePool pool() {
        return pool;
    }
}
