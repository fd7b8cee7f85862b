package io.sluice.worker.conductor;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The conductor's thread, and what is to be done in it. */
final class Desk {
    private static final Logger LOG = LoggerFactory.getLogger(Desk.class);
    private static final int END_SECONDS = 5;

    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "conductor");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicBoolean ended = new AtomicBoolean();

    ScheduledExecutorService executor() {
        return executor;
    }

    /** Runs {@code task} as soon as those before it are done. */
    void post(Runnable task) {
        later(task, 0);
    }

    /** Runs {@code task} after a while; what it throws is logged, as nobody waits for it. */
    void later(Runnable task, long delayMs) {
        try {
            ScheduledFuture<?> unused = executor.schedule(
                    () -> {
                        try {
                            task.run();
                        } catch (RuntimeException e) {
                            LOG.error("in the conductor", e);
                        }
                    },
                    delayMs,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("too late, the conductor has ended");
        }
    }

    /** Runs {@code last} and nothing after it, and waits for that, some seconds at most. The second time nothing happens. */
    void end(Runnable last) {
        if (ended.getAndSet(true)) {
            return;
        }
        try {
            executor.submit(last).get(END_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("stopping: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            executor.shutdownNow();
        }
    }
}
