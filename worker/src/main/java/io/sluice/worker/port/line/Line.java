package io.sluice.worker.port.line;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.sys.Waiter;

/**
 * The way to a peer: a socket that may come and go. Its queue calls {@link #attend} at each poll and {@link #lost} when the
 * kernel says that the peer has gone; both are cheap while nothing changes. One thread.
 */
public interface Line extends AutoCloseable {
    /** No socket. */
    int NONE = -1;

    /** The number of the socket to use now, or {@link #NONE}. */
    int socket();

    /**
     * What becomes readable when there is something to receive or to {@link #attend} to; another one from time to time. Null
     * while there is none: then only the {@link #waiter} is woken.
     */
    Fd fd();

    /**
     * Whom to wake when there is something to {@link #attend} to that {@link #fd} does not show.
     *
     * @param waiter null: nobody attends any more, or not yet
     */
    default void waiter(Waiter waiter) {}

    /** Waits at another thread's lookout from now on. Both threads stand still, and nobody attends. Cold. */
    default void move(Lookout lookout) {}

    /** Whether there is a peer, as far as is known. */
    boolean connected();

    /** Tries to get a peer where there is none, if it is time for that. */
    void attend();

    /** The peer has gone. A socket without a connection stays in use, for when it comes back. */
    void lost();

    /** Whether an end of the connection shows as a message without bytes. */
    boolean ends();

    @Override
    void close();
}
