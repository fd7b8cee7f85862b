package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Figures;
import io.sluice.lab.bench.result.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A long time at nine tenths of the rate that is forwarded without drops: what is lost, how much the worker's private memory grows
 * (from a quarter of the time on, when all is loaded and compiled), how long its longest pause for garbage collection was, and
 * how much the host of a virtual machine took away meanwhile, which is when frames are lost that no program could have saved. A
 * {@link LossWatch} says for each burst of losses what the data-path thread did meanwhile.
 *
 * <p>The search for that rate makes trials of seconds. The rate that counts here is what a trial of a minute (RFC 2544, section
 * 24) confirms to the last frame: as long as it does not, a twentieth less is tried.
 *
 * <p>Ports have the rings of who must not lose a frame: a machine takes the worker's CPU away, or runs it slower, for some tens of
 * milliseconds now and then, and what comes meanwhile waits in the receive ring, in frames that the fill ring has. {@value #RING}
 * of them last for 160 ms; a flood is forwarded a little slower through them, as they do not fit into the cache.
 */
final class Endurance {
    private static final double PART = 0.9;
    private static final double LESS = 0.95;
    private static final int LONGER_THAN_A_TRIAL = 10;
    private static final int RING = 131072;
    private static final int FRAMES = 5 * RING / 2;
    private static final String QUOTA = "memory: 1GiB";
    private static final String RATE_FROM = "nodrop.xdp.64";
    private static final Duration READY = Duration.ofSeconds(20);
    private static final Duration PROGRESS = Duration.ofMinutes(1);
    private static final Pattern PAUSE = Pattern.compile("Pause .* ([0-9.]+)ms$");

    private Endurance() {}

    static Step step() {
        return new Step(
                "endurance",
                List.of("endurance.lost", "endurance.growth", "endurance.pause", "endurance.stolen"),
                Endurance::measure);
    }

    private static List<Result> measure(Effort effort, Map<String, Result> found) {
        try (Lab lab = Lab.open()) {
            Rig rig = new Rig(lab, effort.options(Work.L2FWD, Kind.XDP, 64));
            double full = Optional.ofNullable(found.get(RATE_FROM))
                    .flatMap(result -> result.line("sluice"))
                    .map(line -> line.median() * 1e6)
                    .orElseGet(() -> NoDrop.ofSluice(rig, effort));
            if (full == 0) {
                throw new LabException("there is no rate without drops to take nine tenths of");
            }
            String policy = SluiceStack.policy(Kind.XDP, "auto")
                    .replace("kind: xdp,", "kind: xdp, rings: {rx: " + RING + ", fill: " + RING + "},")
                    .replace("memory: 256MiB", QUOTA);
            return run(rig, SluiceStack.start(rig.net(), rig.install(), policy), full, effort);
        }
    }

    private static List<Result> run(Rig rig, SluiceStack stack, double full, Effort effort) {
        Path log = stack.workerSocket().resolveSibling("gc.log");
        try (RunningProcess worker = rig.lab()
                .start(stack.workerCommand(
                                "--broker",
                                stack.brokerSocket().toString(),
                                "--frames",
                                Integer.toString(FRAMES),
                                "--cpus",
                                Rig.WORK_CPU)
                        .with("SLUICE_JAVA_OPTS", "-Xlog:gc:file=" + log))) {
            worker.awaitLine("sluice-worker ready", READY);
            stack.connect(Kind.XDP);
            warmUp(rig, effort);
            LossWatch watch = LossWatch.start(
                    rig, worker, stack.broker(), rig.net().v1(), rig.net().v2());
            try (watch) {
                return endure(rig, stack, worker, log, full, effort);
            }
        }
    }

    private static List<Result> endure(
            Rig rig, SluiceStack stack, RunningProcess worker, Path log, double full, Effort effort) {
        long rate = Math.round(confirmed(rig, full, effort) * PART);
        Turns.progress(String.format(Locale.ROOT, "%.2f Mpps for %d s", rate / 1e6, effort.endurance()));
        long begin = size(log);
        double[] growth = new double[1];
        Drops before = Drops.of(rig.net(), stack, "left");
        double stolen = StolenTime.millis();
        double lost = lost(rig, rate, () -> growth[0] = growth(worker, effort));
        stolen = StolenTime.millis() - stolen;
        Drops.of(rig.net(), stack, "left")
                .since(before)
                .forEach((where, frames) ->
                        Turns.progress(String.format(Locale.ROOT, "  %.0f frames dropped: %s", frames, where)));
        String title = String.format(Locale.ROOT, "%d s at %.2f Mpps, ", effort.endurance(), rate / 1e6);
        return List.of(
                one("endurance.lost", title + "frames lost", "of a million", lost),
                one("endurance.growth", title + "growth of private memory", "MB", growth[0]),
                one("endurance.pause", title + "longest GC pause", "ms", longestPause(log, begin)),
                one("endurance.stolen", title + "CPU time that the host took away", "ms", stolen));
    }

    private static Result one(String id, String title, String unit, double value) {
        Turns.progress(String.format(Locale.ROOT, "  %s: %.2f %s", title, value, unit));
        return new Result(id, title, unit, Result.Better.LESS, List.of(Figures.of("sluice", List.of(value))));
    }

    private static void warmUp(Rig rig, Effort effort) {
        RunningProcess load = rig.startLoad();
        try (load) {
            Turns.pause(Duration.ofSeconds(Math.max(1, effort.warmup())));
        }
    }

    /** Waits for the whole time. Returns by how many megabytes private memory grew after the first quarter. */
    private static double growth(RunningProcess worker, Effort effort) {
        Duration whole = Duration.ofSeconds(effort.endurance());
        Turns.pause(whole.dividedBy(4));
        double before = ProcessMemory.of(worker.pid()).anonymous();
        double stolen = StolenTime.millis();
        Duration left = whole.minus(whole.dividedBy(4));
        while (!left.isZero()) {
            Duration part = left.compareTo(PROGRESS) > 0 ? PROGRESS : left;
            Turns.pause(part);
            left = left.minus(part);
            double now = StolenTime.millis();
            Turns.progress(String.format(
                    Locale.ROOT, "  %d s to go; the host took %.0f ms of CPU time", left.toSeconds(), now - stolen));
            stolen = now;
        }
        return Math.max(0, ProcessMemory.of(worker.pid()).anonymous() - before);
    }

    /** The greatest rate, from {@code full} downwards, that a long trial forwards without drops; frames a second. */
    private static double confirmed(Rig rig, double full, Effort effort) {
        Duration trial = Duration.ofSeconds(Math.max(1, effort.endurance() / LONGER_THAN_A_TRIAL));
        for (double rate = full; rate >= NoDrop.LEAST_RATE; rate *= LESS) {
            double lost = lost(rig, Math.round(rate), () -> Turns.pause(trial));
            Turns.progress(String.format(
                    Locale.ROOT, "  %d s at %.2f Mpps: %.0f of a million lost", trial.toSeconds(), rate / 1e6, lost));
            if (lost == 0) {
                return rate;
            }
        }
        throw new LabException("no rate is forwarded without drops for " + trial.toSeconds() + " s");
    }

    /** Frames of a million that are lost at a rate while {@code meanwhile} lasts. */
    private static double lost(Rig rig, long rate, Runnable meanwhile) {
        double before = rig.settled();
        RunningProcess load = rig.startLoad(rate);
        try (load) {
            meanwhile.run();
        }
        return Math.max(0, Rig.sent(load) - (rig.settled() - before)) / Rig.sent(load) * 1e6;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double longestPause(Path log, long begin) {
        try {
            byte[] whole = Files.readAllBytes(log);
            int from = (int) Math.min(begin, whole.length);
            return longestPause(new String(whole, from, whole.length - from, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new LabException("the worker's JVM has written no log of its collections", e);
        }
    }

    /** The longest pause in a log of {@code -Xlog:gc}, in milliseconds; 0 if there was none. */
    static double longestPause(String log) {
        return log.lines()
                .map(PAUSE::matcher)
                .filter(java.util.regex.Matcher::find)
                .mapToDouble(matcher -> Double.parseDouble(matcher.group(1)))
                .max()
                .orElse(0);
    }
}
