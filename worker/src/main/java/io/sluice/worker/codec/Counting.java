package io.sluice.worker.codec;

/** How the sequence number of GRE or the counter of L2TPv3 runs in what is sent. */
public enum Counting {
    /** The field is absent. */
    NONE,

    /** One more with every packet; wraps at 32 bits. */
    COUNTED,

    /** The field is there and always 0: UML's pin_sequence and pin_counter. */
    PINNED;

    /** Bytes of the field. */
    int size() {
        return this == NONE ? 0 : 4;
    }
}
