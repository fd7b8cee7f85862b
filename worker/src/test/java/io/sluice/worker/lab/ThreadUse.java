package io.sluice.worker.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the kernel says a thread of this process has used until now.
 *
 * @param ticks hundredths of a second of processor time, in user space and in the kernel
 * @param sleeps how often it gave the processor up by itself: once for each wakeup
 * @param asleep whether it waits now
 */
public record ThreadUse(long ticks, long sleeps, boolean asleep) {
    /** Of the one thread of this name (its first 15 characters, as the kernel has it). */
    public static ThreadUse of(String name) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            List<Path> named = tasks.filter(task -> name(task).equals(name)).toList();
            if (named.size() != 1) {
                throw new AssertionError(named.size() + " threads are called " + name);
            }
            return read(named.get(0));
        }
    }

    /** Whether there is a thread of this name. */
    public static boolean exists(String name) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.anyMatch(task -> name(task).equals(name));
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (IOException e) {
            return ""; // it has ended meanwhile
        }
    }

    /** /proc/PID/stat: fields 14 and 15 are utime and stime; the name in brackets may hold blanks. */
    private static ThreadUse read(Path task) throws IOException {
        String stat = Files.readString(task.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long sleeps = Files.readAllLines(task.resolve("status")).stream()
                .filter(line -> line.startsWith("voluntary_ctxt_switches"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
        return new ThreadUse(Long.parseLong(fields[11]) + Long.parseLong(fields[12]), sleeps, fields[0].equals("S"));
    }
}
