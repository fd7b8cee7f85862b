package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.Optional;

/**
 * CPU time of a process between two moments.
 *
 * @param process which; empty if the kernel does the work
 * @param startNs the first moment
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
        return process.flatMap(RunningProcess::cpuTime)
                .map(now -> (double) now.minus(startCpu).toNanos() / (System.nanoTime() - startNs))
                .orElse(Double.NaN);
    }
}
