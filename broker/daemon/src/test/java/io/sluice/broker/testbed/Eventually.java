package io.sluice.broker.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waiting for what the kernel does in its own time and tells nobody. */
public final class Eventually {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

    /** A condition. */
    public interface Condition {
        boolean holds() throws Exception;
    }

    private Eventually() {}

    /** Returns as soon as the condition holds, and fails if it takes too long. */
    public static void holds(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.holds()) {
            assertThat(System.nanoTime() - deadline).as(what).isNegative();
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** Returns as soon as {@code now} has the value {@code wanted}, and fails with what it has instead if it takes too long. */
    public static <T> void is(String what, Callable<T> now, T wanted) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NS;
        T found = now.call();
        while (!found.equals(wanted) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(PAUSE_NS);
            found = now.call();
        }
        assertThat(found).as(what).isEqualTo(wanted);
    }
}
