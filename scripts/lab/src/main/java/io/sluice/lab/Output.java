package io.sluice.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The lines that a process has written, read by threads of their own so that no pipe ever fills up. */
final class Output {
    /** Enough to see what happened; what came before the last so many lines is forgotten. */
    private static final int KEPT_LINES = 10_000;

    private final Deque<String> lines = new ArrayDeque<>();
    private final List<Thread> readers = new ArrayList<>();
    private int open;
    private long total;

    /** Reads {@code stream} to its end in the background. */
    synchronized void read(InputStream stream, String name) {
        open++;
        Thread reader = new Thread(() -> pump(stream), "lab-output-" + name);
        reader.setDaemon(true);
        readers.add(reader);
        reader.start();
    }

    private void pump(InputStream stream) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                add(line);
            }
        } catch (IOException closed) {
            add("[output lost: " + closed.getMessage() + "]");
        } finally {
            end();
        }
    }

    private synchronized void add(String line) {
        if (lines.size() == KEPT_LINES) {
            lines.removeFirst();
        }
        lines.addLast(line);
        total++;
        notifyAll();
    }

    private synchronized void end() {
        open--;
        notifyAll();
    }

    /** How many lines there have been: a mark for {@link #await}. */
    synchronized long mark() {
        return total;
    }

    /**
     * The first line after {@code mark} that {@code wanted} accepts; empty if the time is over or the output has ended
     * without one.
     */
    synchronized Optional<String> await(long mark, Predicate<String> wanted, Duration limit)
            throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<String> found = lines.stream()
                    .skip(Math.max(0, mark - (total - lines.size())))
                    .filter(wanted)
                    .findFirst();
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (found.isPresent() || open == 0 || left <= 0) {
                return found;
            }
            wait(left);
        }
    }

    /** Waits until every stream has ended. Returns false if that took longer than {@code limit}. */
    synchronized boolean awaitEnd(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (open > 0) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /** Whether every stream has ended. */
    synchronized boolean isOver() {
        return open == 0;
    }

    /** All lines kept. */
    synchronized String text() {
        return String.join("\n", lines);
    }

    /** The last {@code count} lines. */
    synchronized String tail(int count) {
        return String.join(
                "\n", lines.stream().skip(Math.max(0, lines.size() - count)).toList());
    }

    /** The last line that {@code wanted} accepts. */
    synchronized Optional<String> last(Predicate<String> wanted) {
        return lines.stream().filter(wanted).reduce((first, second) -> second);
    }
}
