package io.sluice.grant.sys;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has been acquired so far, for code that acquires several things and must leave nothing behind if one fails:
 *
 * <pre>{@code
 * try (Closer closer = new Closer()) {
 *     Fd socket = closer.add(openSocket());
 *     ...
 *     return new Thing(socket, closer.release());
 * }
 * }</pre>
 *
 * Closes in reverse order. Not for several threads.
 */
public final class Closer implements AutoCloseable {
    private final Deque<Runnable> open = new ArrayDeque<>();

    /** Adds and returns {@code fd}. */
    public Fd add(Fd fd) {
        open.push(fd::close);
        return fd;
    }

    /** Adds an undo step: releasing a resource is not allowed to fail in a way anybody could act on. */
    public void add(Runnable release) {
        open.push(release);
    }

    /** Moves everything into a new closer, the caller's, and leaves this one empty. */
    public Closer release() {
        Closer moved = new Closer();
        moved.open.addAll(open);
        open.clear();
        return moved;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            open.pop().run();
        }
    }
}
