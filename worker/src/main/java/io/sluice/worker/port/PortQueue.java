package io.sluice.worker.port;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.sys.Waiter;

/**
 * One queue of a port, as the data path sees it: the contract that every kind of port fulfils. All calls come from one
 * thread, none blocks, none allocates. A port that fails counts; it never throws for a packet.
 *
 * <p>Every packet is accounted for: what {@link #poll} returns has been counted as received, and what {@link #send} takes is
 * counted as sent or as dropped for a reason once its fate is known; until then it is {@link #queued()}.
 */
public interface PortQueue extends AutoCloseable {
    /**
     * Receives.
     *
     * @param vector empty; on return holds what was received, owned by the caller
     * @param limit most packets to take, 1..{@link Vector#CAPACITY}
     * @return how many packets the vector holds
     */
    int poll(Vector vector, int limit);

    /** Whether packets carry a vnet header here, so that superframes stay whole and checksums open. */
    boolean offloads();

    /** How many packets {@link #send} would take now without dropping any. */
    int room();

    /** Takes over every packet of {@code vector}, which is empty afterwards. What exceeds {@link #room()} is dropped. */
    void send(Vector vector);

    /**
     * Gives the kernel what waits, and takes back the frames of what has been sent. Called once a duty cycle.
     *
     * @return packets that moved, 0 if there was nothing to do
     */
    int flush();

    /** Packets taken by {@link #send} and not yet counted as sent or dropped. */
    int queued();

    /**
     * Whether the queue must be served soon though nothing arrives: the kernel has not taken everything yet, or the pool
     * had no frame to receive into.
     */
    boolean pending();

    /**
     * What becomes readable when there is something to poll; borrowed. Ports whose peers come and go have another one from
     * time to time, so it is asked for before each sleep; null while there is no socket, and then it is the {@link #waiter}
     * that is woken.
     */
    Fd fd();

    /**
     * Ends the queue: counts what was queued as dropped and closes the descriptor. Frames that the kernel may still have
     * stay with it until {@link #reclaim}.
     */
    @Override
    void close();

    /** After {@link #close} and after the broker, too, has let go of the socket: frees the frames that the kernel had. */
    void reclaim();

    /**
     * What receives and sends for this queue together with others, and has to be served beside it; null if the queue does so
     * itself. Such a queue has nothing to poll until it has woken its {@link #waiter}.
     */
    default SharedSocket shared() {
        return null;
    }

    /**
     * For a queue with a {@link #shared} socket, or one without any for a while: whom to wake when a packet has come, or when it
     * is time to poll for another reason.
     *
     * @param waiter null: nobody polls the queue any more, or not yet, so that it takes nothing
     */
    default void waiter(Waiter waiter) {}

    /**
     * For a queue with a {@link #shared} socket: where its packets go, so that it may hand them on itself instead of waking who
     * polls. It does where a vector would hold one packet anyway, and keeps their order.
     *
     * @param to on a shared socket as well; null: they are to be polled
     */
    default void direct(PortQueue to) {}

    /**
     * Makes the queue, which nobody polls now, one of another data-path thread: what it takes from and gives to a thread is that
     * one's from now on. Both threads stand still. Cold.
     *
     * @throws UnsupportedOperationException it stays where it is; queues with a {@link #shared} socket do
     */
    default void move(Home home) {
        throw new UnsupportedOperationException("this queue stays in its thread");
    }

    /**
     * Under which number the frame pool notes what this queue has given to the kernel; 0: it gives the kernel no
     * frames. Who takes the queue over after a crash has to know.
     */
    default int holder() {
        return 0;
    }

    /** The rings that the queue shares with the kernel. */
    default Rings rings() {
        return Rings.NONE;
    }
}
