package io.sluice.worker.port;

/**
 * What a data-path thread counts and is told about one queue of a port. Each queue has its own, as each may be served by
 * another thread.
 *
 * @param dials what can be changed while traffic flows; the same for all queues of a port
 */
public record QueueState(Counters counters, Dials dials) {
    /** As a queue begins. */
    QueueState(Counters counters, int depth) {
        this(counters, new Dials(depth));
    }
}
