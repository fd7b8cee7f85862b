package io.sluice.worker.port.line;

/** How long to wait before the next try: doubled after each that failed, up to a limit. */
final class BackOff {
    /** Milliseconds after the first failure. */
    static final int FIRST_MS = 20;

    private int ms = FIRST_MS;

    /**
     * A try has failed: milliseconds until the next.
     *
     * @param mostMs the limit, which may be another one each time
     */
    int failed(int mostMs) {
        int now = Math.min(ms, mostMs);
        ms = 2 * now;
        return now;
    }

    /** A try has succeeded, or something has changed. */
    void succeeded() {
        ms = FIRST_MS;
    }
}
