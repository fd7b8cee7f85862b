package io.sluice.worker.sys;

/** Who is told, in the thread in which it happens, that there is something to do. Told twice, he looks once. */
@FunctionalInterface
public interface Waiter {
    /** Nobody wants to know. */
    Waiter NOBODY = () -> {};

    /** There is something to do. Allocates nothing. */
    void wake();

    /** Reads what {@link #wake} reads, so that it is in the cache; of no meaning. */
    default long touch() {
        return 0;
    }
}
