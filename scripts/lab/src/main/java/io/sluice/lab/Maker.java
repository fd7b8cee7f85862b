package io.sluice.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process that made a namespace or directory, as it stands in its name: {@code sluice-lab-PID-START-label}. The
 * start time tells the maker from a later process of the same pid, so what a killed run left behind is recognised for
 * certain, and nothing else is.
 *
 * @param pid the process id
 * @param start when it started, in clock ticks since boot (field 22 of /proc/PID/stat)
 */
record Maker(long pid, long start) {
    private static final Pattern NAME = Pattern.compile("sluice-lab-(\\d{1,10})-([0-9a-z]{1,13})-.*");
    private static final int RADIX = 36;

    /** This process. */
    static Maker self() {
        long pid = ProcessHandle.current().pid();
        return new Maker(pid, startOf(pid).orElseThrow(() -> new LabException("/proc is not mounted")));
    }

    /** The maker in {@code name}; empty if the name is not one of ours. */
    static Optional<Maker> of(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches()
                ? Optional.of(new Maker(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2), RADIX)))
                : Optional.empty();
    }

    /** What the names of everything start with that this maker makes. */
    String prefix() {
        return "sluice-lab-" + pid + "-" + Long.toString(start, RADIX) + "-";
    }

    /** Whether the maker still runs. */
    boolean isAlive() {
        return startOf(pid).filter(now -> now == start).isPresent();
    }

    private static Optional<Long> startOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // The second field is the program's name in parentheses and may hold anything, blanks too.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return Optional.of(Long.parseLong(fields[19]));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
