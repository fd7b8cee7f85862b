package io.sluice.broker.server;

/** Where a connection stands; each operation is allowed in one phase only. */
enum Phase {
    /** Connected; only Hello is allowed. */
    GREETING,
    /** Greeted. */
    READY,
    /** Leases were passed and wait for their Confirm. */
    CONFIRMING,
    /** The connection has become an audit stream; no request is allowed. */
    STREAMING,
    /** An error was sent; the connection ends once it is written. */
    CLOSING
}
