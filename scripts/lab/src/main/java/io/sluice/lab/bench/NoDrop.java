package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.bench.RateSearch.Trial;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The greatest rate that is forwarded without drops. What a flood leaves through is the first guess of the search; the flood
 * also warms up what has to be warm.
 */
final class NoDrop {
    /** Frames a second; the load can wait no longer between two. */
    static final long LEAST_RATE = 100_000;

    private final Rig rig;
    private final Effort effort;

    private NoDrop(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
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
                    figures.add(best.offered() / 1e6, best.cpus());
                }
            });
            String title = "l2fwd without drops (at most " + effort.lossPpm() + " of a million), " + kind.word()
                    + " ports, " + frame + "-byte frames";
            return Steps.rates(id, title, "Mpps", series);
        }
    }

    /** Frames a second that Sluice forwards without drops, in one search. */
    static double ofSluice(Rig rig, Effort effort) {
        try (Contender.Running running = new Sluice().start(rig)) {
            return new NoDrop(rig, effort).search(running).offered();
        }
    }

    private Trial search(Contender.Running running) {
        RateSearch search = new RateSearch(effort.lossPpm(), LEAST_RATE);
        Trial best = search.from(flood(), rate -> trial(running, rate));
        Turns.progress(String.format(Locale.ROOT, "  %.2f Mpps without drops", best.offered() / 1e6));
        return best;
    }

    /** Frames a second that come through when more are offered. */
    private double flood() {
        RunningProcess load = rig.startLoad(0);
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.warmup()));
            Sample first = rig.arrived();
            Turns.pause(Duration.ofSeconds(effort.trial()));
            return first.millionsUntil(rig.arrived()) * 1e6;
        }
    }

    private Trial trial(Contender.Running running, double rate) {
        double before = rig.settled();
        Usage usage = Usage.of(running.process());
        RunningProcess load = rig.startLoad(Math.round(rate));
        double cpus;
        try (load) {
            Turns.pause(Duration.ofSeconds(effort.trial()));
            cpus = usage.cpus();
        }
        double sent = Rig.sent(load);
        double lost = sent == 0 ? 1e6 : Math.max(0, sent - (rig.settled() - before)) / sent * 1e6;
        double offered = Rig.offered(load);
        Turns.progress(String.format(Locale.ROOT, "  %.2f Mpps: %.0f of a million lost", offered, lost));
        return new Trial(offered * 1e6, lost, cpus);
    }
}
