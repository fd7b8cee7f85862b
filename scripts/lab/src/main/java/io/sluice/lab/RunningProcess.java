package io.sluice.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A process that has been started. Output is captured; standard input stays open until the end. {@link #close()} ends
 * it: SIGTERM, and SIGKILL if it takes longer than five seconds. Its methods may be called from any thread.
 */
public final class RunningProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration DRAIN = Duration.ofSeconds(1);

    private final Command command;
    private final Process process;
    private final Output output = new Output();
    private final Output errors = new Output();
    private final Writer input;

    private RunningProcess(Command command, Process process) {
        this.command = command;
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        output.read(process.getInputStream(), "out-" + process.pid());
        errors.read(process.getErrorStream(), "err-" + process.pid());
    }

    /** Starts {@code command}. The caller closes what is returned; {@link Lab#start} does it by itself. */
    public static RunningProcess start(Command command) {
        return new RunningProcess(command, Spawner.start(command));
    }

    /** Runs {@code command} to its end; kills it and throws if that takes longer than {@code limit}. */
    public static Finished run(Command command, Duration limit) {
        try (RunningProcess running = start(command)) {
            return running.await(limit);
        }
    }

    /** The process id, that of the program itself. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end; throws, and lets it run, if that takes longer than {@code limit}. */
    public Finished await(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new LabException(command + " did not end within " + limit.toSeconds() + " s:\n" + said());
            }
            drained();
            return new Finished(command, process.exitValue(), output.text(), errors.text());
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits for a line of its output that starts with {@code prefix}, from the first one on. */
    public String awaitLine(String prefix, Duration limit) {
        return awaitLine(output, 0, line -> line.startsWith(prefix), "\"" + prefix + "\"", limit);
    }

    /**
     * Waits for a line of its standard error that contains {@code part}, from the first one on. Whoever has seen a later
     * line of the output must still wait: each stream has a reader of its own.
     */
    public String awaitError(String part, Duration limit) {
        return awaitLine(errors, 0, line -> line.contains(part), "the error \"" + part + "\"", limit);
    }

    /** Writes {@code line} to its input and waits for a line of output after that which {@code wanted} accepts. */
    public String ask(String line, Predicate<String> wanted, Duration limit) {
        long mark = output.mark();
        tell(line);
        return awaitLine(output, mark, wanted, "an answer to \"" + line + "\"", limit);
    }

    /** Writes {@code line} to its input. */
    public void tell(String line) {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw new LabException("writing \"" + line + "\" to " + command + "\n" + said(), e);
        }
    }

    private String awaitLine(Output from, long mark, Predicate<String> wanted, String what, Duration limit) {
        try {
            Optional<String> line = from.await(mark, wanted, limit);
            return line.orElseThrow(() -> new LabException(command + without(from, what, limit) + ":\n" + said()));
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private String without(Output from, String what, Duration limit) {
        // Output ends a moment before the process does.
        boolean ended = from.isOver() && awaitExit();
        return ended ? " ended without " + what : " did not print " + what + " within " + limit.toMillis() + " ms";
    }

    /** The last line of its output that {@code wanted} accepts, so far. */
    public Optional<String> lastLine(Predicate<String> wanted) {
        return output.last(wanted);
    }

    /** All of its output that is kept. */
    public String output() {
        return output.text();
    }

    /** All of its standard error that is kept. */
    public String errors() {
        return errors.text();
    }

    /** The end of what it wrote, for messages. */
    public String said() {
        return (output.tail(20) + "\n" + errors.tail(20)).strip();
    }

    /** CPU time of all its threads so far, user and system; empty once it has ended. */
    public Optional<Duration> cpuTime() {
        return process.info().totalCpuDuration();
    }

    /** Kills it at once with SIGKILL, for tests of what is left then, and waits. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroy);
        // Not Process.destroy, which also closes the pipes: what the process says on its way out is wanted.
        process.toHandle().destroy();
        if (!awaitExit()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.toHandle().destroyForcibly();
            awaitExit();
        }
        try {
            input.close();
        } catch (IOException gone) {
            // It ended before it had read everything: nobody misses it.
            if (process.isAlive()) {
                throw new UncheckedIOException(gone);
            }
        }
    }

    private boolean awaitExit() {
        try {
            boolean ended = process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            return ended && drained();
        } catch (InterruptedException e) {
            // Cleaning up goes on; whoever is interested in the interrupt finds it set.
            process.toHandle().destroyForcibly();
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Waits for the end of the output, but not long: a grandchild may hold the pipes open. */
    private boolean drained() throws InterruptedException {
        output.awaitEnd(DRAIN);
        errors.awaitEnd(DRAIN);
        return true;
    }

    private LabException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new LabException("interrupted while waiting for " + command, e);
    }
}
