package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The greatest rate that is forwarded without drops, by search: from what a flood leaves through, up or down in steps until a
 * rate passes and a greater one does not, then by bisection. A trial passes if no more is lost than the effort allows; one
 * that does not is repeated once, as a machine of few cores has other things to do now and then.
 */
final class NoDrop {
    private static final double STEP = 1.25;
    private static final double CLOSE_ENOUGH = 1.03;
    private static final double FULL_RATE = 0.95;
    /** Frames a second; the load can wait no longer between two. */
    static final long LEAST_RATE = 100_000;

    private static final int MAX_TRIALS = 24;

    private final Rig rig;
    private final Effort effort;

    private NoDrop(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
    }

    /**
     * What a trial came to.
     *
     * @param offered millions of frames a second that were really offered
     * @param lost frames of a million
     * @param cpus that the contender's process used
     */
    private record Trial(double offered, double lost, double cpus) {
        static final Trial NONE = new Trial(0, 0, Double.NaN);
    }

    static Step step(Kind kind, int frame) {
        String id = "nodrop." + kind.word() + "." + frame;
        return Step.of(id, (effort, found) -> List.of(measure(id, kind, frame, effort)));
    }

    private static Result measure(String id, Kind kind, int frame, Effort effort) {
        try (Lab lab = Lab.open()) {
            Rig rig = new Rig(lab, effort.options(Work.L2FWD, kind, frame));
            List<Contender> all = Turns.withoutMissing(rig, List.of(new Sluice(), new Testpmd(kind)));
            List<Series> series = Turns.take(effort.runs(), all, (contender, figures) -> {
                try (Contender.Running running = contender.start(rig)) {
                    Trial best = new NoDrop(rig, effort).search(running);
                    figures.add(best.offered, best.cpus);
                }
            });
            String title = "l2fwd without drops (at most " + effort.lossPpm() + " of a million), " + kind.word()
                    + " ports, " + frame + "-byte frames";
            return Steps.rates(id, title, "Mpps", series);
        }
    }

    /** Millions of frames a second that Sluice forwards without drops, in one search. */
    static double ofSluice(Rig rig, Effort effort) {
        try (Contender.Running running = new Sluice().start(rig)) {
            return new NoDrop(rig, effort).search(running).offered;
        }
    }

    private Trial search(Contender.Running running) {
        double rate = Math.max(LEAST_RATE, flood());
        Trial good = Trial.NONE;
        double bad = Double.POSITIVE_INFINITY;
        for (int trials = 0; trials < MAX_TRIALS && rate >= LEAST_RATE; trials++) {
            Trial trial = trial(running, rate);
            if (trial.lost > effort.lossPpm() || !offers(trial, rate)) {
                trial = trial(running, rate);
            }
            if (trial.lost > effort.lossPpm()) {
                bad = rate;
            } else {
                good = trial;
                if (!offers(trial, rate)) {
                    break; // the load can no more
                }
            }
            double passed = good.offered * 1e6;
            if (bad / passed < CLOSE_ENOUGH) {
                break;
            }
            rate = Double.isInfinite(bad) ? passed * STEP : passed == 0 ? bad / STEP : Math.sqrt(passed * bad);
        }
        Turns.progress(String.format(Locale.ROOT, "  %.2f Mpps without drops", good.offered));
        return good;
    }

    /** Whether the load has come up to {@code rate}. */
    private static boolean offers(Trial trial, double rate) {
        return trial.offered * 1e6 >= rate * FULL_RATE;
    }

    /** Frames a second that come through when more are offered; warms up what has to. */
    private double flood() {
        RunningProcess load = rig.startLoad(0);
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.warmup()));
            Sample first = rig.arrived();
            Turns.pause(Duration.ofSeconds(effort.trial()));
            return first.millionsUntil(rig.arrived()) * 1e6;
        } finally {
            rig.settled();
        }
    }

    private Trial trial(Contender.Running running, double rate) {
        double before = rig.settled();
        Usage usage = Usage.of(running);
        RunningProcess load = rig.startLoad(Math.round(rate));
        double cpus;
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.trial()));
            cpus = usage.cpus();
        }
        double sent = Rig.sent(load);
        double lost = sent == 0 ? 1e6 : Math.max(0, sent - (rig.settled() - before)) / sent * 1e6;
        Turns.progress(String.format(Locale.ROOT, "  %.2f Mpps: %.0f of a million lost", Rig.offered(load), lost));
        return new Trial(Rig.offered(load), lost, cpus);
    }
}
