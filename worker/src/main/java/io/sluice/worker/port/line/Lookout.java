package io.sluice.worker.port.line;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Epoll;
import java.util.Comparator;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the lines of a data-path thread wait for beside their sockets: one timer and one inotify(7) descriptor in the thread's
 * epoll set, for any number of lines. A line that waits costs the thread nothing until its time has come or somebody has put
 * something at the path that it waits for.
 *
 * <p>Data-path thread only. It has no descriptor before the first line asks for something.
 */
public final class Lookout implements AutoCloseable {
    /** {@link System#nanoTime} has no order but that of differences. */
    private static final long START = System.nanoTime();

    /** Of all posts of all threads, as they move from one to another. */
    private static final AtomicLong COUNT = new AtomicLong();

    private final Epoll epoll;

    /** Those that have a time, the earliest first. */
    private final TreeSet<Post> timed = new TreeSet<>(
            Comparator.<Post>comparingLong(post -> post.time() - START).thenComparingLong(Post::number));

    private Alarm alarm;

    /** What the alarm is set to. */
    private long alarmed;

    private boolean armed;
    private Events events;

    /** @param epoll of the thread; outlives this */
    public Lookout(Epoll epoll) {
        this.epoll = epoll;
    }

    /** For a line that waits for times, and for descriptors. */
    public Post post() throws SyscallException {
        return post(null);
    }

    /** For a line that also waits for a path; null: there is none. */
    public Post post(UnixPath path) throws SyscallException {
        begin(path != null);
        return new Post(this, COUNT.getAndIncrement(), path == null ? null : Place.of(path.path()));
    }

    /** Has the descriptors that a post needs. */
    void begin(boolean hasPlace) throws SyscallException {
        if (alarm == null) {
            Alarm made = new Alarm();
            epoll.add(made.fd(), this::ring);
            alarm = made;
        }
        if (events == null && hasPlace) {
            events = Events.begin(epoll);
        }
    }

    /** Whether from now on {@code post} is told when something happens at its place; false if the kernel refuses. */
    boolean watch(Post post) {
        return events != null && events.watch(post);
    }

    /** Tells it no more. */
    void forget(Post post) {
        timed.remove(post);
        if (events != null) {
            events.forget(post);
        }
    }

    /** Sets the time of {@code post}, in {@link System#nanoTime}. */
    void set(Post post, long time) {
        if (alarm == null) {
            return; // closed
        }
        timed.remove(post);
        post.time(time);
        timed.add(post);
        if (!armed || time - alarmed < 0) {
            arm(System.nanoTime());
        }
    }

    /** Sets no time for it. */
    void unset(Post post) {
        timed.remove(post);
    }

    private void ring() {
        armed = false;
        long now = System.nanoTime();
        while (!timed.isEmpty() && timed.first().time() - now <= 0) {
            timed.pollFirst().call();
        }
        if (!timed.isEmpty()) {
            arm(now);
        }
    }

    private void arm(long now) {
        alarmed = timed.first().time();
        armed = true;
        alarm.set(alarmed - now);
    }

    /** Has the thread's epoll set call {@code post} when {@code fd} becomes readable. */
    void add(Fd fd, Post post) throws SyscallException {
        epoll.add(fd, post::call);
    }

    /** Undoes that. */
    void remove(Fd fd) {
        epoll.remove(fd);
    }

    /** Posts that are still open are told nothing more; they may be closed later. */
    @Override
    public void close() {
        if (alarm != null) {
            epoll.remove(alarm.fd());
            alarm.close();
            alarm = null;
        }
        if (events != null) {
            events.close();
            events = null;
        }
    }
}
