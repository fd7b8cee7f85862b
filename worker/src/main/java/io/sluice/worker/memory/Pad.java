package io.sluice.worker.memory;

/**
 * A cache line before the fields of a subclass. HotSpot lays out the fields of a superclass first, so what one thread writes
 * often is put into a class between this one and one that ends with as much: wherever the collector moves such an object,
 * nobody else's data is on the lines of those fields.
 */
public abstract class Pad {
    /** Bytes: a cache line of x86-64 and of most aarch64. */
    public static final int BYTES = 64;

    /** Fills what the header leaves before the first long; a subclass's int would be put there. */
    int gap;

    long before0;
    long before1;
    long before2;
    long before3;
    long before4;
    long before5;
    long before6;
    long before7;

    /** Of subclasses only. */
    protected Pad() {}
}
