package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/** One tunnel's header, both ways, with its counters: made by {@link Encapsulation#open()}, used by one thread. */
public interface Session {
    /** Bytes of the header that {@link #encapsulate} writes, always the same number. */
    int overhead();

    /**
     * Writes the header into the {@link #overhead()} bytes before a frame.
     *
     * @param offset first byte of the frame
     * @param length bytes of the frame
     */
    void encapsulate(ByteBuffer bytes, int offset, int length);

    /**
     * Checks the rest of a packet that {@link Protocol#key} has found to be this tunnel's.
     *
     * @param offset first byte of the tunnel header
     * @param length bytes from there to the packet's end
     * @return bytes before the frame, at most {@code length}, or a {@link Drop#code()}
     */
    int strip(ByteBuffer bytes, int offset, int length);

    /** Packets so far whose sequence number was not above the one before; they are not dropped for it. */
    default long outOfOrder() {
        return 0;
    }
}
