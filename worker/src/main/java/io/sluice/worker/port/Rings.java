package io.sluice.worker.port;

/**
 * Entries of the rings that a queue shares with the kernel.
 *
 * @param rx received packets; 0, as with the others: there is no such ring
 * @param fill frames to receive into, of AF_XDP
 * @param completion frames that were sent, of AF_XDP
 */
public record Rings(int rx, int tx, int fill, int completion) {
    /** A queue without rings: its packets wait in a socket. */
    public static final Rings NONE = new Rings(0, 0, 0, 0);
}
