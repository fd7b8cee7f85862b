package io.sluice.lab.bench;

import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the host has taken from the CPUs of this virtual machine since it started, while they had work: the eighth figure of
 * the first line of {@code /proc/stat}, in ticks of 10 ms (proc(5), USER_HZ). 0 where there is no host, or it does not say.
 */
final class StolenTime {
    private static final int STEAL = 8;
    private static final double TICK_MS = 10;

    private StolenTime() {}

    static double millis() {
        try {
            return parse(Files.readAllLines(Path.of("/proc/stat")));
        } catch (IOException e) {
            throw new LabException("/proc/stat", e);
        }
    }

    /** Milliseconds, of all CPUs together. */
    static double parse(List<String> stat) {
        String[] figures = stat.get(0).split(" +", -1);
        return figures.length > STEAL ? Long.parseLong(figures[STEAL]) * TICK_MS : 0;
    }
}
