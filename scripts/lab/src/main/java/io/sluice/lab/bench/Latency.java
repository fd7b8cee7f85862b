package io.sluice.lab.bench;

import io.sluice.lab.Finished;
import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import io.sluice.lab.bench.result.Figures;
import io.sluice.lab.bench.result.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * The time from a request to its answer across the forwarder, as two sockets of two stacks see it ({@code rr.c}): back to back,
 * and one a millisecond, where a forwarder that sleeps has to wake up each time. Both ends are on CPU 0 and block; forwarders
 * are on CPU 1, testpmd spins there.
 */
final class Latency {
    private static final int PORT = 7007;
    private static final int PAYLOAD = 22; // of a frame of 64 bytes
    private static final long MAX_NS = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final Duration START = Duration.ofSeconds(5);
    private static final Duration GRACE = Duration.ofSeconds(20);

    /** How requests follow each other. */
    private enum Pace {
        BACK_TO_BACK(0, "", "back to back"),
        PACED(1_000_000, "paced.", "one a millisecond");

        private final int intervalNs;
        private final String infix;
        private final String title;

        Pace(int intervalNs, String infix, String title) {
            this.intervalNs = intervalNs;
            this.infix = infix;
            this.title = title;
        }
    }

    /** What is told of a distribution. */
    private enum Point {
        P50("p50", 50),
        P99("p99", 99),
        P999("p99.9", 99.9),
        MAX("max", 100);

        private final String word;
        private final double percentile;

        Point(String word, double percentile) {
            this.word = word;
            this.percentile = percentile;
        }
    }

    private final Rig rig;
    private final Effort effort;
    private final Path file;

    private Latency(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
        this.file = rig.lab().directory("rr").resolve("times");
    }

    static Step step(Kind kind) {
        List<String> ids = new ArrayList<>();
        for (Pace pace : Pace.values()) {
            for (Point point : Point.values()) {
                ids.add(id(kind, pace, point));
            }
        }
        return new Step("rr." + kind.word(), ids, (effort, found) -> measure(kind, effort));
    }

    private static String id(Kind kind, Pace pace, Point point) {
        return "rr." + kind.word() + "." + pace.infix + point.word;
    }

    private static List<Result> measure(Kind kind, Effort effort) {
        List<Result> results = new ArrayList<>();
        for (Pace pace : Pace.values()) {
            Turns.progress("requests " + pace.title);
            try (Lab lab = Lab.open()) {
                Rig rig = new Rig(lab, effort.options(Work.L2FWD, kind, 64));
                rig.net().withoutOffloads();
                results.addAll(new Latency(rig, effort).measure(kind, pace));
            }
        }
        return results;
    }

    private List<Result> measure(Kind kind, Pace pace) {
        List<Contender> all = Turns.withoutMissing(rig, List.of(new Sluice(), new Testpmd(kind)));
        List<List<Histogram>> seen = new ArrayList<>();
        all.forEach(contender -> seen.add(new ArrayList<>()));
        Turns.take(effort.runs(), all, (contender, unused) -> {
            Contender.Running running = contender.start(rig);
            try (running) {
                Histogram times = exchange(pace);
                seen.get(all.indexOf(contender)).add(times);
                Turns.progress(String.format(
                        Locale.ROOT,
                        "  %d answers, %.1f us p50, %.1f us p99, %.1f us p99.9",
                        times.getTotalCount(),
                        micros(times, Point.P50),
                        micros(times, Point.P99),
                        micros(times, Point.P999)));
            }
        });
        List<Result> results = new ArrayList<>();
        for (Point point : Point.values()) {
            List<Figures> lines = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                lines.add(Figures.of(
                        all.get(i).name(),
                        seen.get(i).stream().map(times -> micros(times, point)).toList()));
            }
            String title = "request and response, " + kind.word() + " ports, " + pace.title + ", " + point.word;
            results.add(new Result(id(kind, pace, point), title, "us", Result.Better.LESS, lines));
        }
        return results;
    }

    private static double micros(Histogram times, Point point) {
        return times.getValueAtPercentile(point.percentile) / 1e3;
    }

    private Histogram exchange(Pace pace) {
        try (RunningProcess server = rig.lab()
                .start(rig.programs()
                        .command("rr", "serve", Integer.toString(PORT))
                        .in(rig.net().b())
                        .on(Rig.LOAD_CPU))) {
            server.awaitLine("ready", START);
            if (effort.warmup() > 0) {
                // Not paced: what is to be warm is so after some number of frames.
                ask(Pace.BACK_TO_BACK, effort.warmup());
            }
            return ask(pace, effort.seconds());
        }
    }

    private Histogram ask(Pace pace, int seconds) {
        Finished asked = RunningProcess.run(
                        rig.programs()
                                .command(
                                        "rr",
                                        "ask",
                                        Topology.ADDRESS_B,
                                        Integer.toString(PORT),
                                        Integer.toString(PAYLOAD),
                                        Integer.toString(pace.intervalNs),
                                        Integer.toString(seconds),
                                        file.toString())
                                .in(rig.net().a())
                                .on(Rig.LOAD_CPU),
                        GRACE.plusSeconds(seconds))
                .orThrow();
        Histogram times = read(file);
        if (times.getTotalCount() == 0) {
            throw new LabException("no request was answered across the forwarder: " + asked.output());
        }
        if (!asked.output().endsWith("lost 0")) {
            Turns.progress("  " + asked.output());
        }
        return times;
    }

    /** The times that rr.c wrote. */
    static Histogram read(Path file) {
        Histogram times = new Histogram(MAX_NS, DIGITS);
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
            while (bytes.remaining() >= Long.BYTES) {
                times.recordValue(Math.min(bytes.getLong(), MAX_NS));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return times;
    }
}
