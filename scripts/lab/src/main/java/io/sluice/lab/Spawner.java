package io.sluice.lab;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Starts all processes from one thread that lives as long as this JVM. Children carry a death signal, which the kernel
 * delivers when the <em>thread</em> that made them ends: started from a test's thread they would die with it, started
 * from here they die exactly when the JVM does, however it does.
 */
final class Spawner {
    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "lab-spawner");
        thread.setDaemon(true);
        return thread;
    });

    private Spawner() {}

    /** Starts {@code command} with pipes for input, output and errors. */
    static Process start(Command command) {
        ProcessBuilder builder = new ProcessBuilder(command.argv());
        builder.environment().putAll(command.environment());
        try {
            return THREAD.submit(builder::start).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw new LabException("cannot start " + command, io);
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while starting " + command);
        }
    }
}
