package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.Optional;

/**
 * CPU time of a process since a moment, as the kernel accounts it (utime and stime of /proc/PID/stat): all of its threads, and
 * what the kernel does in their system calls.
 *
 * @param process which; empty if the kernel does the work
 * @param startNs the moment
 * @param startCpu CPU time until then
 */
record Usage(Optional<RunningProcess> process, long startNs, Duration startCpu) {
    /** From now on. */
    static Usage of(Optional<RunningProcess> process) {
        Duration cpu = process.flatMap(RunningProcess::cpuTime).orElse(Duration.ZERO);
        return new Usage(process, System.nanoTime(), cpu);
    }

    /** CPUs used on average since the start; NaN if unknown. */
    double cpus() {
        return ns() / (System.nanoTime() - startNs);
    }

    /** CPU time since the start in nanoseconds; NaN if unknown. */
    double ns() {
        return process.flatMap(RunningProcess::cpuTime)
                .map(now -> (double) now.minus(startCpu).toNanos())
                .orElse(Double.NaN);
    }
}
