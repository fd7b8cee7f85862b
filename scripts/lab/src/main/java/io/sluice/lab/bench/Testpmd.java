package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Kind;
import io.sluice.lab.RunningProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * DPDK's testpmd on the poll mode driver of the same kind of socket. Its forwarding core is CPU 1; the main core, which
 * only reads commands, shares CPU 0 with the load.
 */
record Testpmd(Kind kind) implements Contender {
    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    @Override
    public String name() {
        return "testpmd-" + driver();
    }

    private String driver() {
        return kind == Kind.XDP ? "af_xdp" : "af_packet";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        boolean there = Files.isExecutable(Path.of("/usr/bin/dpdk-testpmd"))
                || Files.isExecutable(Path.of("/usr/local/bin/dpdk-testpmd"));
        return there
                ? Optional.empty()
                : Optional.of("dpdk-testpmd is not installed (Debian: dpdk-dev and librte-net-*)");
    }

    @Override
    public Running start(Rig rig) {
        RunningProcess process = rig.lab()
                .start(Command.of(words(rig.options().work(), rig.options().frame()))
                        .in(rig.net().dut()));
        // The prompt has no newline; what is awaited is the last line that the start prints.
        process.ask("show port summary all", line -> line.startsWith("0 ") || line.contains(" up"), START);
        process.ask("start", line -> line.contains("packet forwarding"), ANSWER);
        return new Working(process);
    }

    private List<String> words(Work work, int frame) {
        List<String> words = new ArrayList<>(List.of(
                // Into a pipe it would keep its answers until it ends.
                "stdbuf",
                "-oL",
                "dpdk-testpmd",
                "--no-huge",
                "-m",
                "512",
                "--no-pci",
                "--file-prefix=sluice" + kind.word(),
                "-l",
                Rig.LOAD_CPU + "," + Rig.WORK_CPU,
                "--main-lcore=" + Rig.LOAD_CPU));
        List<String> devices = switch (work) {
            case L2FWD, TCP, JAIL -> List.of("v1", "v2");
            case RX -> List.of("v1");
            case TX -> List.of("v2");
        };
        for (int i = 0; i < devices.size(); i++) {
            words.addAll(List.of("--vdev", "net_" + driver() + i + ",iface=" + devices.get(i)));
        }
        words.addAll(List.of("--", "-i", "--no-mlockall", "--total-num-mbufs=16384", "--forward-mode=" + mode(work)));
        if (work == Work.TX) {
            words.add("--txpkts=" + frame);
        }
        return words;
    }

    private static String mode(Work work) {
        return switch (work) {
            case L2FWD, TCP, JAIL -> "io";
            case RX -> "rxonly";
            case TX -> "txonly";
        };
    }

    private record Working(RunningProcess running) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(running);
        }

        @Override
        public Sample received() {
            String line = running.ask("show port stats 0", answer -> answer.contains("RX-packets:"), ANSWER);
            return Sample.now(Double.parseDouble(line.strip().split("\\s+", -1)[1]));
        }

        @Override
        public void close() {
            if (running.isAlive()) {
                running.tell("stop");
                running.tell("quit");
                running.await(START);
            }
            running.close();
        }
    }
}
