package io.sluice.grant.testing;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Bounds what a defect costs: when the failed tests of a class have taken more than {@link #BUDGET}, the others of that class
 * fail at once. A hundred tests that wait half a minute each for the same worker that is stuck would be an hour, and the run
 * would be stopped before it has said anything. Also says of each failure when it happens, as reports come when a class ends.
 *
 * <p>Registered for every module that has this jar among its tests (META-INF/services).
 */
public final class FailureBudget implements BeforeEachCallback, TestWatcher {
    /** Of a class; failures that come fast are all shown. */
    private static final Duration BUDGET = Duration.ofSeconds(60);

    private static final Map<Class<?>, Duration> SPENT = new HashMap<>();

    /** When the last test did: those of a JVM run one after the other. */
    private static long begun;

    @Override
    public void beforeEach(ExtensionContext context) {
        Duration spent = SPENT.getOrDefault(context.getRequiredTestClass(), Duration.ZERO);
        if (spent.compareTo(BUDGET) > 0) {
            throw new AssertionError(
                    "not run: failed tests of this class have taken " + spent.toSeconds() + " s before it");
        }
        begun = System.nanoTime();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        Class<?> failed = context.getRequiredTestClass();
        SPENT.merge(failed, Duration.ofNanos(System.nanoTime() - begun), Duration::plus);
        System.err.println("FAILED " + failed.getName() + " " + context.getDisplayName() + ": " + cause);
    }
}
