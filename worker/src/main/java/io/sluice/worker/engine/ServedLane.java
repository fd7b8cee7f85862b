package io.sluice.worker.engine;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.graph.Lane;
import io.sluice.worker.memory.Vector;

/**
 * A lane in a duty cycle. One whose queue has a descriptor of its own is woken by it, or polled; one whose queue shares a
 * socket is woken by that and rests as soon as it has moved what came: nothing but packets costs it anything.
 */
final class ServedLane extends Served {
    /** In place of a descriptor's number in the watch. */
    static final int SHARED = -1;

    private final Lane lane;
    private final int descriptor;
    private Watch watch;
    private long last;

    /** Of the queue that it sends to, when that was looked at. */
    private Fd fdOfTo;

    /** @param descriptor its number in the watch, or {@link #SHARED} */
    ServedLane(Lane lane, Rota rota, int descriptor) {
        super(rota);
        this.lane = lane;
        this.descriptor = descriptor;
    }

    /** @param linked null if no queue of the link has a descriptor of its own */
    void watch(Watch linked) {
        watch = linked;
    }

    Lane lane() {
        return lane;
    }

    /** What has happened to one side of a link may matter to the other: there is room, or a peer. */
    @Override
    void woken() {
        if (descriptor != SHARED) {
            last = watch.now();
            watch.wake();
        }
    }

    @Override
    long touch(int step) {
        if (step == 0) {
            return last;
        }
        return lane.touch(step - 1) + (step == 1 && watch != null ? watch.touch() : 0);
    }

    @Override
    int run(Vector vector) {
        int received = lane.run(vector);
        if (received > 0 && watch != null) {
            watch.worked();
            last = watch.now();
        }
        return received;
    }

    @Override
    int flush() {
        int sent = lane.flush();
        if (sent > 0 && watch != null) {
            watch.worked();
        }
        return sent;
    }

    @Override
    boolean rests() {
        if (descriptor == SHARED) {
            return isSettled() && sleeps();
        }
        return watch.mayRest(descriptor, last) && isSettled() && sleeps();
    }

    private boolean keepsUp() {
        return lane.isHolding() || lane.pending();
    }

    /** Whether no frame is with the other side's kernel that a flush may soon get back. */
    private boolean isSettled() {
        return watch == null || lane.to().shared() != null || lane.to().queued() == 0 || watch.isQuiet();
    }

    @Override
    boolean sleeps() {
        if (watch != null && fdOfTo != lane.to().fd()) {
            fdOfTo = lane.to().fd();
            watch.wakeReplaced();
        }
        boolean watched = descriptor == SHARED || watch.enter(descriptor);
        return watched && !keepsUp();
    }

    @Override
    Fd fd() {
        return lane.from().fd();
    }

    @Override
    long untilDue() {
        return lane.untilDue();
    }
}
