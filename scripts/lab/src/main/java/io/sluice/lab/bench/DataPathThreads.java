package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The threads of a worker that move packets. */
final class DataPathThreads {
    private static final String NAME = "data-path";

    private DataPathThreads() {}

    /** Has them run on {@code cpus} only, a list as taskset takes it; the worker's other threads run anywhere. */
    static void pin(Lab lab, RunningProcess worker, String cpus) {
        for (Path thread : of(worker)) {
            lab.run(Command.of("taskset", "-p", "-c", cpus, thread.getFileName().toString()));
        }
    }

    /** Their directories in /proc, one at least. */
    static List<Path> of(RunningProcess worker) {
        List<Path> found;
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + worker.pid() + "/task"))) {
            found = threads.filter(DataPathThreads::isOne).toList();
        } catch (IOException e) {
            throw new LabException("the worker has ended", e);
        }
        if (found.isEmpty()) {
            throw new LabException("the worker has no thread whose name starts with " + NAME);
        }
        return found;
    }

    private static boolean isOne(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).startsWith(NAME);
        } catch (IOException ended) {
            return false;
        }
    }
}
