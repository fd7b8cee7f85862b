package io.sluice.lab.bench;

import io.sluice.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has in memory, from {@code /proc/PID/status}. The frame pool is a shared mapping of a memfd, so what is
 * resident of it is the part {@code shared}.
 *
 * @param anonymous megabytes of its own: heaps, stacks
 * @param files megabytes of mapped files and devices
 * @param shared megabytes of shared memory
 */
record ProcessMemory(double anonymous, double files, double shared) {
    private static final double KILOBYTES = 1024;

    static ProcessMemory of(long pid) {
        Path file = Path.of("/proc/" + pid + "/status");
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw new LabException("process " + pid + " has ended", e);
        }
    }

    /** Parses the file's text. */
    static ProcessMemory parse(String status) {
        return new ProcessMemory(
                megabytes(status, "RssAnon:"), megabytes(status, "RssFile:"), megabytes(status, "RssShmem:"));
    }

    private static double megabytes(String status, String field) {
        return status.lines()
                .filter(line -> line.startsWith(field))
                .map(line -> line.substring(field.length()).strip().split(" ", -1)[0])
                .mapToDouble(kilobytes -> Double.parseDouble(kilobytes) / KILOBYTES)
                .findFirst()
                .orElseThrow(() -> new LabException("/proc/PID/status has no " + field));
    }
}
