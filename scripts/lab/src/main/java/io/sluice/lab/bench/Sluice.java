package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Sluice: one broker for all runs, a fresh worker for each, so that no run profits from the warm-up of an earlier one.
 * The worker's data-path thread runs on CPU 1 as testpmd's forwarding core does; its other threads run anywhere.
 */
final class Sluice implements Contender {
    private static final String DATA_PATH_THREAD = "data-path";

    /** A MAC address that no device has, so that the receiver drops the frames at once, as it does testpmd's. */
    private static final String NOBODY = "02:00:00:00:00:02";

    private Optional<SluiceStack> stack = Optional.empty();

    @Override
    public String name() {
        return "sluice";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        SluiceStack running = stack(rig);
        RunningProcess worker = running.startWorker();
        switch (rig.options().work()) {
            case RX -> {
                running.addPort("left", rig.options().kind());
                join(running, "left", "sink:transport=null");
            }
            case TX -> {
                running.addPort("right", rig.options().kind());
                join(
                        running,
                        "right",
                        "source:transport=generator,dst=" + NOBODY + ",frame="
                                + rig.options().frame());
            }
            case L2FWD, TCP, JAIL -> running.connect(rig.options().kind());
        }
        if (!rig.options().work().streams()) {
            pin(worker, rig);
        }
        return new Worker(running, worker);
    }

    /** The broker, and what belongs to it; started if it is not there yet. */
    SluiceStack stack(Rig rig) {
        SluiceStack running = stack.orElseGet(() -> SluiceStack.start(
                rig.net(),
                rig.install(),
                SluiceStack.policy(rig.options().kind(), rig.options().mode())));
        stack = Optional.of(running);
        return running;
    }

    /** Links {@code port} to a port without a device. */
    private static void join(SluiceStack running, String port, String vector) {
        running.tenant("port", "add", vector).orThrow();
        running.tenant("link", "add", port, vector.substring(0, vector.indexOf(':')))
                .orThrow();
    }

    /** Has the data path of {@code worker} run where testpmd's forwarding core does. */
    static void pin(RunningProcess worker, Rig rig) {
        List<Path> threads = dataPathThreads(worker.pid());
        if (threads.isEmpty()) {
            throw new LabException("the worker has no thread whose name starts with " + DATA_PATH_THREAD);
        }
        for (Path thread : threads) {
            rig.lab()
                    .run(Command.of(
                            "taskset",
                            "-p",
                            "-c",
                            Rig.WORK_CPU,
                            thread.getFileName().toString()));
        }
    }

    private static List<Path> dataPathThreads(long pid) {
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return threads.filter(Sluice::isDataPath).toList();
        } catch (IOException e) {
            throw new LabException("the worker has ended", e);
        }
    }

    private static boolean isDataPath(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).startsWith(DATA_PATH_THREAD);
        } catch (IOException ended) {
            return false;
        }
    }

    private record Worker(SluiceStack stack, RunningProcess running) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(running);
        }

        @Override
        public Sample received() {
            Counters counters =
                    Counters.of(stack.tenant("stats", "--json").orThrow().output());
            return new Sample(counters.timeNs(), counters.value("left", "rx_packets"));
        }

        @Override
        public void close() {
            running.close();
        }
    }
}
