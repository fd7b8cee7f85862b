package io.sluice.worker.port.line;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Waiter;
import java.util.concurrent.TimeUnit;

/**
 * What one line waits for: a time, a path at which something happens, a descriptor that becomes readable. Whichever comes
 * makes it due and wakes the line's queue. Data-path thread only.
 */
public final class Post implements AutoCloseable {
    /** Milliseconds between looks at something that nobody tells of. */
    private static final int BLIND_MS = 1_000;

    /**
     * The same where the kernel tells what happens at the path: for what it doesn't tell of, a mount or a symbolic link
     * further up that leads elsewhere, and one who listens long after he has bound.
     */
    private static final int WATCHED_MS = 300_000;

    private Lookout lookout;
    private final long number;
    private final Place place;
    private final BackOff backOff = new BackOff();
    private Waiter waiter = Waiter.NOBODY;
    private Events.Directory directory;
    private String name;
    private boolean watched;
    private boolean due = true;
    private long time;
    private Fd listened;

    /** @param place null: none */
    Post(Lookout lookout, long number, Place place) {
        this.lookout = lookout;
        this.number = number;
        this.place = place;
    }

    /** Whom to wake; null: nobody. */
    public void waiter(Waiter woken) {
        waiter = woken == null ? Waiter.NOBODY : woken;
    }

    /**
     * Waits at another thread's lookout from now on, and is due: what happened in between nobody has told. Both threads stand
     * still. Cold.
     *
     * @throws IllegalStateException that can't have descriptors of its own
     */
    public void move(Lookout to) {
        Fd fd = listened;
        close();
        lookout = to;
        due = true;
        try {
            to.begin(place != null);
            if (fd != null) {
                listen(fd);
            }
        } catch (SyscallException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** Whether it is time to look. From the beginning, until one of the methods below says when it will be. */
    public boolean isDue() {
        return due;
    }

    /** To be called before each look at the path: what happens there from now on makes this due. */
    public void watch() {
        watched = place != null && lookout.watch(this);
    }

    /** Due in {@code ms}. */
    public void in(int ms) {
        due = false;
        lookout.set(this, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms));
    }

    /**
     * The look found nobody: due soon, and later each time that this is said on end.
     *
     * @param absent whether nothing was at the path, so that there is nothing to look for before the kernel tells
     */
    public void soon(boolean absent) {
        if (absent && watched) {
            later();
        } else {
            in(backOff.failed(watched ? WATCHED_MS : BLIND_MS));
        }
    }

    /**
     * The look found nobody, and tries have a fixed distance.
     *
     * @param ms that distance
     * @param absent as in {@link #soon}
     */
    public void in(int ms, boolean absent) {
        in(absent && watched ? WATCHED_MS : ms);
    }

    /** As {@link #soon}, after something that has nothing to do with the path: EMFILE, ENOMEM. */
    public void soonBlind() {
        in(backOff.failed(BLIND_MS));
    }

    /** All is well: due as late as what is told allows. */
    public void later() {
        backOff.succeeded();
        in(watched ? WATCHED_MS : BLIND_MS);
    }

    /** All is well, and an end of that is noticed otherwise: not due. */
    public void never() {
        backOff.succeeded();
        due = false;
        lookout.unset(this);
    }

    /** Makes it due whenever {@code fd} becomes readable; one at a time. */
    public void listen(Fd fd) throws SyscallException {
        deafen();
        lookout.add(fd, this);
        listened = fd;
    }

    /** Undoes that; before the descriptor is closed. */
    public void deafen() {
        if (listened != null) {
            lookout.remove(listened);
            listened = null;
        }
    }

    /** The time has come, or something can be read. */
    void call() {
        due = true;
        waiter.wake();
    }

    /** Something has happened at the place. */
    void stir() {
        backOff.succeeded();
        call();
    }

    long number() {
        return number;
    }

    /** In {@link System#nanoTime}. */
    long time() {
        return time;
    }

    /** Not while it is in a set that is ordered by it. */
    void time(long nanoTime) {
        time = nanoTime;
    }

    Place place() {
        return place;
    }

    /** The directory whose changes are told to it; null: none. */
    Events.Directory directory() {
        return directory;
    }

    /** The name in it. */
    String name() {
        return name;
    }

    /** As {@link #directory()} and {@link #name()}. */
    void at(Events.Directory watchedDirectory, String watchedName) {
        directory = watchedDirectory;
        name = watchedName;
    }

    @Override
    public void close() {
        deafen();
        lookout.forget(this);
    }
}
