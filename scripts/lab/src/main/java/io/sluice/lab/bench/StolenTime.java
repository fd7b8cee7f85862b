package io.sluice.lab.bench;

import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the host has taken from the CPUs of this virtual machine since it started, while they had work: the eighth figure of
 * a CPU's line of {@code /proc/stat}, in ticks of 10 ms (proc(5), USER_HZ). 0 where there is no host, or it does not say.
 */
final class StolenTime {
    private static final int STEAL = 8;
    private static final double TICK_MS = 10;

    private StolenTime() {}

    /** Milliseconds, of all CPUs together. */
    static double millis() {
        return millis("");
    }

    /** Milliseconds of one CPU, or of all together if {@code cpu} is empty. */
    static double millis(String cpu) {
        try {
            return parse(Files.readAllLines(Path.of("/proc/stat")), cpu);
        } catch (IOException e) {
            throw new LabException("/proc/stat", e);
        }
    }

    /** The same of the text of that file. */
    static double parse(List<String> stat, String cpu) {
        String[] figures = stat.stream()
                .filter(line -> line.startsWith("cpu" + cpu + " "))
                .findFirst()
                .orElseThrow(() -> new LabException("/proc/stat has no line of cpu" + cpu))
                .split(" +", -1);
        return figures.length > STEAL ? Long.parseLong(figures[STEAL]) * TICK_MS : 0;
    }
}
