package io.sluice.worker.conductor;

/** A request that the conductor can't fulfil. The message says why and what to do. */
public final class ConductorException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What sort of failure it is; each has one gRPC status. */
    public enum Kind {
        /** The request can't be understood. */
        INVALID,
        /** No such port, link or grant. */
        NOT_FOUND,
        /** The name is taken. */
        EXISTS,
        /** The state of things forbids it: in use, or the broker refuses. */
        REFUSED,
        /** The broker says that this tenant may not. */
        DENIED,
        /** A quota is used up. */
        EXHAUSTED,
        /** The broker can't be reached. */
        UNAVAILABLE
    }

    private final Kind kind;

    public ConductorException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public ConductorException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
