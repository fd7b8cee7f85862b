package io.sluice.broker.policy;

/**
 * Busy polling of an AF_XDP socket: a poll or kick by its holder runs the device's NAPI in the holder's own time.
 *
 * @param timeoutMicros SO_BUSY_POLL, microseconds that a blocking call polls
 * @param budget SO_BUSY_POLL_BUDGET, packets a poll may handle
 */
public record BusyPoll(int timeoutMicros, int budget) {
    /** Upper bound of the timeout: 10 ms; beyond that a sleep is what is wanted. */
    public static final int MAX_TIMEOUT_MICROS = 10_000;
    /** Upper bound of the budget, the kernel's own (U16_MAX). */
    public static final int MAX_BUDGET = 65_535;
    /** 20 µs and 64 packets, the weight of a NAPI context. */
    public static final BusyPoll DEFAULT = new BusyPoll(20, 64);

    public BusyPoll {
        Require.range("timeout", timeoutMicros, 1, MAX_TIMEOUT_MICROS);
        Require.range("budget", budget, 1, MAX_BUDGET);
    }
}
