package io.sluice.lab.bench;

import io.sluice.lab.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@code scripts/bench tunnels} has found: a line for each transport and load, and whether we are where we want to be. */
final class TunnelReport {
    /** Ratios to be reached, to Open vSwitch in every line and to the kernel with TCP. */
    static final double VSWITCH_GOAL = 1.0;

    static final double KERNEL_GOAL = 0.5;

    private final TunnelOptions options;
    private final List<Line> lines = new ArrayList<>();

    /**
     * A line of the table.
     *
     * @param series of the contenders that took part
     */
    record Line(TunnelRow row, TunnelOptions.Load load, List<Series> series) {
        Optional<Series> of(String contender) {
            return series.stream()
                    .filter(one -> one.name().equals(contender) && !one.isEmpty())
                    .findFirst();
        }

        /** How many times the figure of {@code peer} ours is; empty if one of us took no part. */
        Optional<Double> ratio(String peer) {
            return of(TunnelSluice.NAME).flatMap(ours -> of(peer).map(theirs -> ours.median() / theirs.median()));
        }
    }

    /**
     * A goal of a line.
     *
     * @param exclusive whether reaching it isn't enough
     */
    private record Check(Line line, String peer, double ratio, double goal, boolean exclusive) {
        boolean ok() {
            return exclusive ? ratio > goal : ratio >= goal;
        }

        String name() {
            return line.row().name() + " " + line.load().word() + " / " + peer;
        }
    }

    TunnelReport(TunnelOptions options) {
        this.options = options;
    }

    void add(Line line) {
        lines.add(line);
    }

    /** Whether every goal has been reached. */
    boolean ok() {
        return checks().stream().allMatch(Check::ok);
    }

    private List<Check> checks() {
        List<Check> checks = new ArrayList<>();
        for (Line line : lines) {
            line.ratio(TunnelVswitch.NAME)
                    .ifPresent(ratio -> checks.add(new Check(line, TunnelVswitch.NAME, ratio, VSWITCH_GOAL, true)));
            if (line.load() == TunnelOptions.Load.TCP) {
                line.ratio(TunnelKernel.NAME)
                        .ifPresent(ratio -> checks.add(new Check(line, TunnelKernel.NAME, ratio, KERNEL_GOAL, false)));
            }
        }
        return checks;
    }

    /** A table in Markdown, a line a transport and load, and the checks below it. */
    String table() {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "Tunnels, %s ports, median (least to most) of %d run%s of %d s%n%n",
                options.kind().word(),
                options.runs(),
                options.runs() == 1 ? "" : "s",
                options.seconds()));
        out.append("| transport | load | Sluice | Open vSwitch | ratio | kernel | ratio |\n");
        out.append("|---|---|---|---|---|---|---|\n");
        for (Line line : lines) {
            out.append(String.join(
                            " | ",
                            "| " + line.row().name(),
                            line.load() == TunnelOptions.Load.TCP ? "TCP, Gbit/s" : "64 bytes, kpps",
                            figures(line, TunnelSluice.NAME),
                            figures(line, TunnelVswitch.NAME),
                            ratio(line, TunnelVswitch.NAME),
                            figures(line, TunnelKernel.NAME),
                            ratio(line, TunnelKernel.NAME)))
                    .append(" |\n");
        }
        out.append('\n');
        for (Check check : checks()) {
            out.append(String.format(
                    Locale.ROOT,
                    "%-6s %s: %.2f, %s %.1f wanted%n",
                    check.ok() ? "ok" : "FAILED",
                    check.name(),
                    check.ratio(),
                    check.exclusive() ? "more than" : "at least",
                    check.goal()));
        }
        return out.toString();
    }

    private static String figures(Line line, String contender) {
        String pattern = line.load() == TunnelOptions.Load.TCP ? "%.2f (%.2f to %.2f)" : "%.0f (%.0f to %.0f)";
        return line.of(contender)
                .map(s -> String.format(Locale.ROOT, pattern, s.median(), s.least(), s.most()))
                .orElse("-");
    }

    private static String ratio(Line line, String peer) {
        return line.ratio(peer)
                .map(ratio -> String.format(Locale.ROOT, "%.2f", ratio))
                .orElse("-");
    }

    /** One line of JSON: work, kind, runs, seconds, lines, checks, ok. */
    String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("work", "tunnels");
        all.put("kind", options.kind().word());
        all.put("runs", options.runs());
        all.put("seconds", options.seconds());
        all.put("lines", lines.stream().map(TunnelReport::json).toList());
        all.put("checks", checks().stream().map(TunnelReport::json).toList());
        all.put("ok", ok());
        return Json.write(all);
    }

    private static Map<String, Object> json(Line line) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("transport", line.row().name());
        all.put("load", line.load().word());
        all.put("unit", line.load().unit());
        for (Series series : line.series()) {
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("median", round(series.median()));
            figures.put("least", round(series.least()));
            figures.put("most", round(series.most()));
            figures.put("cpus", Double.isNaN(series.cpus()) ? Optional.empty() : round(series.cpus()));
            all.put(series.name(), figures);
        }
        return all;
    }

    private static Map<String, Object> json(Check check) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("check", check.name());
        all.put("ratio", round(check.ratio()));
        all.put("goal", check.goal());
        all.put("ok", check.ok());
        return all;
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
