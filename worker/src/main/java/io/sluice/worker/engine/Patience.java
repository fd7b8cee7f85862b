package io.sluice.worker.engine;

/**
 * How long an idle thread looks again before it sleeps, learnt from how long it had to wait before: what a little more
 * patience would have met makes it longer, a long wait shorter. So an answer that takes as long as the one before it is met
 * awake, and a thread without traffic sleeps soon. (KVM waits for its guests like that, halt_poll_ns.)
 *
 * <p>Times are of {@link System#nanoTime}. Pure: it never asks for the time itself.
 */
final class Patience {
    /** Nanoseconds that are worth it in any case: what falling asleep and waking up costs. */
    static final long LEAST = 20_000;

    /** Who had to wait longer than this sleeps in time: the wake-up is a small part of the wait. */
    static final long MOST = 200_000;

    private long limit = LEAST;
    private long since;
    private boolean waiting;

    /** Whether it waits, so that {@link #met} has something to learn. */
    boolean isWaiting() {
        return waiting;
    }

    /** There was work: what was waited for has come. */
    void met(long now) {
        if (waiting) {
            waiting = false;
            learn(now - since);
        }
    }

    private void learn(long waited) {
        if (waited > MOST) {
            limit = Math.max(limit / 2, LEAST);
        } else if (waited > limit / 2) {
            limit = Math.min(2 * waited, MOST);
        }
    }

    /** There was none: whether to look again; else it is time to sleep. */
    boolean lasts(long now) {
        if (!waiting) {
            waiting = true;
            since = now;
        }
        return now - since < limit;
    }

    /** Whether this has taken so long that others should have the processor in between, if they want it. */
    boolean isLong(long now) {
        return waiting && now - since >= LEAST;
    }
}
