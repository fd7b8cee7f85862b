package io.sluice.lab.bench;

import io.sluice.lab.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a benchmark has found.
 *
 * @param options what was asked for
 * @param ours Sluice's figures; empty if it did not take part
 * @param peers those of the peers that took part
 */
record Report(Options options, Optional<Series> ours, List<Series> peers) {
    /** One line of JSON: work, kind, frame, unit, ours, peers, ratios, runs. */
    String json() {
        Map<String, Object> figures = new LinkedHashMap<>();
        Map<String, Object> ratios = new LinkedHashMap<>();
        for (Series peer : peers) {
            figures.put(peer.name(), round(peer.median()));
            ours.ifPresent(mine -> ratios.put(peer.name(), round(mine.median() / peer.median())));
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("work", options.work().word());
        all.put("kind", options.kind().word());
        all.put("frame", options.frame());
        all.put("unit", options.work().unit());
        all.put("ours", ours.map(mine -> round(mine.median())));
        all.put("peers", figures);
        all.put("ratios", ratios);
        all.put("runs", options.runs());
        return Json.write(all);
    }

    /** A table for people: medians, spread, CPUs used, and how many times a peer's figure ours is. */
    String table() {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "%s, %s, %d-byte frames, %d run%s of %d s, %s (median, least .. most)%n%n",
                options.work().word(),
                options.kind().word(),
                options.frame(),
                options.runs(),
                options.runs() == 1 ? "" : "s",
                options.seconds(),
                options.work().unit()));
        out.append(String.format(
                Locale.ROOT, "%-20s %8s %17s %6s %14s%n", "", "median", "spread", "CPUs", "ours / theirs"));
        ours.ifPresent(mine -> out.append(line(mine, "")));
        for (Series peer : peers) {
            out.append(line(
                    peer,
                    ours.map(mine -> String.format(Locale.ROOT, "%.2f", mine.median() / peer.median()))
                            .orElse("")));
        }
        return out.toString();
    }

    private static String line(Series series, String ratio) {
        String cpus = Double.isNaN(series.cpus()) ? "-" : String.format(Locale.ROOT, "%.2f", series.cpus());
        String spread = String.format(Locale.ROOT, "%.2f .. %.2f", series.least(), series.most());
        return String.format(
                Locale.ROOT, "%-20s %8.2f %17s %6s %14s%n", series.name(), series.median(), spread, cpus, ratio);
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
