package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The steps of the suite, and what several of them need. */
final class Steps {
    private static final int SMALL = 64;
    private static final int MIDDLE = 256;

    /** A frame of 1518 bytes with its FCS, which is how the longest one of Ethernet is called. */
    private static final int LONG = 1514;

    private Steps() {}

    /** All of them, in the order in which they run. */
    static List<Step> all() {
        List<Step> steps = new ArrayList<>();
        for (Kind kind : List.of(Kind.XDP, Kind.PACKET)) {
            steps.add(bench(Work.RX, kind, SMALL));
            steps.add(bench(Work.TX, kind, SMALL));
            for (int frame : List.of(SMALL, MIDDLE, LONG)) {
                steps.add(bench(Work.L2FWD, kind, frame));
                // A search takes its time: of the packet ports, the one that says most.
                if (kind == Kind.XDP || frame == SMALL) {
                    steps.add(NoDrop.step(kind, frame));
                }
            }
            steps.add(Latency.step(kind));
            steps.add(bench(Work.TCP, kind, LONG));
        }
        steps.add(OffloadedLink.step(SMALL));
        steps.add(Idle.step());
        steps.add(PortScaling.step(Kind.XDP));
        steps.add(LeaseRate.step());
        steps.add(RestartGap.step());
        steps.add(Endurance.step());
        return steps;
    }

    /** The names of steps that are enough to see that everything works. */
    static final List<String> QUICK = List.of(
            "rx.xdp",
            "tx.xdp",
            "l2fwd.xdp.64",
            "nodrop.xdp.64",
            "l2fwd.packet.64",
            "rr.xdp",
            "tcp",
            "offload",
            "idle",
            "ports",
            "leases",
            "restart",
            "endurance");

    /** What {@code scripts/bench WORK} does by itself, as a step. */
    private static Step bench(Work work, Kind kind, int frame) {
        String name = work.word() + "." + kind.word() + (work.streams() ? "" : "." + frame);
        return Step.of(name, (effort, found) -> {
            Report report = Bench.measure(effort.options(work, kind, frame));
            List<Series> all = new ArrayList<>();
            report.ours().ifPresent(all::add);
            all.addAll(report.peers());
            String title = work.streams()
                    ? "tcp, " + (kind == Kind.PACKET ? "superframes" : "MTU 1500 without offloads")
                    : work.word() + ", flooded, " + kind.word() + " ports, " + frame + "-byte frames";
            return List.of(
                    work.streams()
                            ? result(name, title, work.unit(), Result.Better.MORE, all)
                            : rates(name, title, work.unit(), all));
        });
    }

    /** A result of rates in millions of packets a second, with the CPU time for each packet. */
    static Result rates(String id, String title, String unit, List<Series> all) {
        return new Result(
                id,
                title,
                unit,
                Result.Better.MORE,
                all.stream().map(series -> series.figures(true)).toList());
    }

    /** A result of other figures. */
    static Result result(String id, String title, String unit, Result.Better better, List<Series> all) {
        return new Result(
                id,
                title,
                unit,
                better,
                all.stream().map(series -> series.figures(false)).toList());
    }

    /** Floods for a while and adds what arrived, in millions a second. */
    static void flood(Rig rig, Effort effort, Contender.Running running, Series series) {
        RunningProcess load = rig.startLoad();
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.warmup()));
            Usage usage = Usage.of(running.process());
            Sample first = rig.arrived();
            Turns.pause(Duration.ofSeconds(effort.seconds()));
            series.add(first.millionsUntil(rig.arrived()), usage.cpus());
        }
        Turns.progress(String.format(Locale.ROOT, "  %.2f Mpps", series.last()));
    }

    /** A process that does the work by itself, and ends with {@code close}. */
    static Contender.Running running(RunningProcess process) {
        return running(process, Optional.of(process));
    }

    /** A process that has the kernel do the work until {@code close} ends it. */
    static Contender.Running inKernel(RunningProcess process) {
        return running(process, Optional.empty());
    }

    private static Contender.Running running(RunningProcess process, Optional<RunningProcess> working) {
        return new Contender.Running() {
            @Override
            public Optional<RunningProcess> process() {
                return working;
            }

            @Override
            public void close() {
                process.close();
            }
        };
    }
}
