package io.sluice.worker.port;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.sys.Waiter;

/**
 * A socket that many queues share, ten thousand tunnels for example. It is served once a cycle for all of them: what comes is
 * handed to those that it is for, which wake their waiters, so that the work of a cycle is that of the queues that have
 * packets, however many there are.
 *
 * <p>All calls come from one thread, none blocks, none allocates.
 */
public interface SharedSocket {
    /**
     * Receives for all queues, as much as a vector or so.
     *
     * @return packets that came, those that were dropped included
     */
    int receive();

    /**
     * Gives the kernel what all queues have to send, if one of them has been flushed since: nothing leaves while all that waits
     * is held back at its port ({@code tx-usecs}).
     *
     * @return packets that left, by being sent or refused
     */
    int flush();

    /** As {@link PortQueue#pending}, of the socket itself. */
    boolean pending();

    /** What becomes readable when there is something to receive; borrowed. */
    Fd fd();

    /** Whom to wake when a queue has something to send. */
    void waiter(Waiter waiter);
}
