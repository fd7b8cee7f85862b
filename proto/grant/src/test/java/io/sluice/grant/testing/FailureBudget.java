package io.sluice.grant.testing;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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

    private static final Map<String, Long> BEGUN = new ConcurrentHashMap<>();
    private static final Map<Class<?>, Long> SPENT = new ConcurrentHashMap<>();

    @Override
    public void beforeEach(ExtensionContext context) {
        Duration spent = Duration.ofNanos(SPENT.getOrDefault(context.getRequiredTestClass(), 0L));
        if (spent.compareTo(BUDGET) > 0) {
            throw new AssertionError(
                    "not run: failed tests of this class have taken " + spent.toSeconds() + " s before it");
        }
        BEGUN.put(context.getUniqueId(), System.nanoTime());
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        BEGUN.remove(context.getUniqueId());
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        BEGUN.remove(context.getUniqueId());
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        Long begun = BEGUN.remove(context.getUniqueId());
        if (begun != null) {
            SPENT.merge(context.getRequiredTestClass(), System.nanoTime() - begun, Long::sum);
        }
        System.err.println(
                "FAILED " + context.getRequiredTestClass().getName() + " " + context.getDisplayName() + ": " + cause);
    }
}
