package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * CPU time that is used while nothing is sent, after there has been traffic. A worker is to use none but for what the JVM's
 * own clock takes; testpmd, which spins, a whole CPU.
 */
final class Idle {
    private static final Duration CALM = Duration.ofSeconds(2);
    private static final long RATE = 200_000;

    /** CPU time is told in ticks of 10 ms; in this time, one is less than what a check allows. */
    private static final int LEAST_SECONDS = 8;

    private static final int MANY = 1000;

    private final Rig rig;
    private final Effort effort;

    private Idle(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
    }

    static Step step() {
        return new Step("idle", List.of("idle.cpu"), (effort, found) -> List.of(measure(effort)));
    }

    /** Something that is idle: what starts it. */
    private interface Subject {
        Contender.Running start();
    }

    private static Result measure(Effort effort) {
        try (Lab lab = Lab.open()) {
            Rig rig = new Rig(lab, effort.options(Work.L2FWD, Kind.XDP, 64));
            Idle idle = new Idle(rig, effort);
            Testpmd testpmd = new Testpmd(Kind.XDP);
            List<Subject> subjects = List.of(() -> idle.worker(0), () -> idle.worker(MANY), () -> testpmd.start(rig));
            List<String> names = List.of("sluice", "sluice, 1,000 ports", testpmd.name());
            int present = testpmd.missing(rig).isEmpty() ? subjects.size() : subjects.size() - 1;
            List<Series> all = Turns.take(
                    effort.runs(), subjects.subList(0, present), names.subList(0, present), (subject, series) -> {
                        try (Contender.Running running = subject.start()) {
                            series.add(idle.used(running), Double.NaN);
                        }
                        Turns.progress(String.format(Locale.ROOT, "  %.1f ms a second", series.last()));
                    });
            return Steps.result(
                    "idle.cpu", "CPU time when there is no traffic", "ms a second", Result.Better.LESS, all);
        }
    }

    private final Sluice sluice = new Sluice();

    /** A worker with a pair of xdp ports, and more. */
    private Contender.Running worker(int more) {
        if (more == 0) {
            return sluice.start(rig);
        }
        SluiceStack stack = sluice.stack(rig);
        Helm helm = Helm.take(rig.lab(), stack);
        RunningProcess worker = stack.startWorker();
        helm.connect(Kind.XDP);
        helm.addIdlePorts(0, more);
        return Steps.running(worker);
    }

    /** Milliseconds of CPU time a second, measured for some seconds after some traffic. */
    private double used(Contender.Running running) {
        RunningProcess load = rig.startLoad(RATE);
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.warmup()));
        }
        Turns.pause(CALM);
        Usage usage = Usage.of(running.process());
        Turns.pause(Duration.ofSeconds(Math.max(LEAST_SECONDS, effort.seconds())));
        return usage.cpus() * 1e3;
    }
}
