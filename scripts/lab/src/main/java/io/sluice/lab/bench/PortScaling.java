package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Figures;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A flooded pair of ports beside others that are linked but idle, and how much memory that takes. Under one flood the idle ones
 * come, some at a time, and go again, {@value #ROUNDS} times in a run; what counts of a run is the mean of all times that were
 * spent beside as many. Rates that are seconds apart differ by more than is to be seen, and so do two starts of a worker.
 */
final class PortScaling {
    private static final int SOME = 64;
    private static final int MANY = 1024;

    /** Each is up and down. */
    private static final int ROUNDS = 4;

    private final Rig rig;
    private final Effort effort;
    private final Series alone = new Series("alone");
    private final Series beside64 = new Series("64 idle");
    private final Series beside1024 = new Series("1,024 idle");
    private final List<Double> resident = new ArrayList<>();
    private final List<Double> residentWithMany = new ArrayList<>();

    private PortScaling(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
    }

    static Step step(Kind kind) {
        String id = "ports." + kind.word();
        return new Step(id, List.of(id, "ports.rss"), (effort, found) -> measure(id, kind, effort));
    }

    private static List<Result> measure(String id, Kind kind, Effort effort) {
        try (Lab lab = Lab.open()) {
            PortScaling scaling = new PortScaling(new Rig(lab, effort.options(Work.L2FWD, kind, 64)), effort);
            SluiceStack stack = new Sluice().stack(scaling.rig);
            Helm helm = Helm.take(lab, stack);
            for (int run = 1; run <= effort.runs(); run++) {
                Turns.progress("run " + run + " of " + effort.runs());
                try (RunningProcess worker = stack.startWorker(Sluice.ON_WORK_CPU)) {
                    helm.reconnect();
                    helm.connect(kind);
                    scaling.run(worker, helm);
                }
            }
            return scaling.results(id, kind);
        }
    }

    private void run(RunningProcess worker, Helm helm) {
        Shares none = new Shares(worker, alone);
        Shares some = new Shares(worker, beside64);
        Shares many = new Shares(worker, beside1024);
        RunningProcess load = rig.startLoad();
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.warmup()));
            for (int round = 0; round < ROUNDS; round++) {
                none.take();
                if (round == 0) {
                    resident.add(resident(worker));
                }
                helm.addIdlePorts(0, SOME);
                some.take();
                helm.addIdlePorts(SOME, MANY);
                many.take();
                if (round == 0) {
                    residentWithMany.add(resident(worker));
                }
                many.take();
                helm.removeIdlePorts(SOME, MANY);
                some.take();
                helm.removeIdlePorts(0, SOME);
                none.take();
            }
        }
        none.end();
        some.end();
        many.end();
    }

    /** The times of a run that were spent beside as many idle ports. */
    private final class Shares {
        private final RunningProcess worker;
        private final Series series;
        private double rates;
        private double cpus;
        private int count;

        Shares(RunningProcess worker, Series series) {
            this.worker = worker;
            this.series = series;
        }

        void take() {
            Usage usage = Usage.of(Optional.of(worker));
            Sample first = rig.arrived();
            Turns.pause(Duration.ofSeconds(effort.seconds()).dividedBy(2));
            rates += first.millionsUntil(rig.arrived());
            cpus += usage.cpus();
            count++;
        }

        void end() {
            series.add(rates / count, cpus / count);
            Turns.progress(String.format(Locale.ROOT, "  %s: %.2f Mpps", series.name(), series.last()));
        }
    }

    private static double resident(RunningProcess worker) {
        ProcessMemory memory = ProcessMemory.of(worker.pid());
        return memory.anonymous() + memory.files();
    }

    private List<Result> results(String id, Kind kind) {
        return List.of(
                Steps.rates(
                        id,
                        "a flooded pair of " + kind.word() + " ports beside idle ones, 64-byte frames",
                        "Mpps",
                        List.of(alone, beside64, beside1024)),
                new Result(
                        "ports.rss",
                        "resident memory without the frame pool",
                        "MB",
                        Result.Better.LESS,
                        List.of(Figures.of("sluice", resident), Figures.of("sluice, 1,026 ports", residentWithMany))));
    }
}
