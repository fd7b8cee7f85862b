package io.sluice.broker.policy;

/**
 * Busy polling of an AF_XDP socket: a poll or kick by its holder runs the device's NAPI in the holder's own time.
 *
 * @param timeoutMicros SO_BUSY_POLL, microseconds that a blocking call polls; beyond 10 ms a sleep is what is wanted
 * @param budget SO_BUSY_POLL_BUDGET, packets a poll may handle; the kernel's own bound
 */
public record BusyPoll(int timeoutMicros, int budget) {
    public static final Range TIMEOUT = new Range(1, 10_000);
    public static final Range BUDGET = new Range(1, 65_535);
    /** 20 µs and 64 packets, the weight of a NAPI context. */
    public static final BusyPoll DEFAULT = new BusyPoll(20, 64);

    public BusyPoll {
        TIMEOUT.check("timeout", timeoutMicros);
        BUDGET.check("budget", budget);
    }
}
