package io.sluice.worker.port.line;

/** How long to wait before the next try: doubled after each that failed, up to a second. */
public final class BackOff {
    /** Milliseconds after the first failure. */
    static final int FIRST_MS = 20;

    /** Milliseconds at most. */
    public static final int MOST_MS = 1_000;

    private int ms = FIRST_MS;

    /** A try has failed: milliseconds until the next. */
    public int failed() {
        int now = ms;
        ms = Math.min(2 * ms, MOST_MS);
        return now;
    }

    /** A try has succeeded. */
    public void succeeded() {
        ms = FIRST_MS;
    }
}
