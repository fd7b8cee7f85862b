package io.sluice.lab.bench.result;

import io.sluice.lab.Json;
import io.sluice.lab.bench.result.Check.Finding;
import io.sluice.lab.bench.result.Check.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All that a suite has found.
 *
 * @param machine where and when, for people: kernel, CPU, Java, date
 * @param effort how much of it, for people, for example {@code 5 runs of 5 s}
 * @param results what was measured
 * @param failures why a measurement failed, by the id of each result that it should have given
 */
public record SuiteReport(
        Map<String, String> machine, String effort, List<Result> results, Map<String, String> failures) {
    /** Copies. */
    public SuiteReport {
        machine = new LinkedHashMap<>(machine);
        results = List.copyOf(results);
        failures = new LinkedHashMap<>(failures);
    }

    /** Every check, judged. */
    public List<Finding> findings() {
        Map<String, Result> byId = new LinkedHashMap<>();
        results.forEach(result -> byId.put(result.id(), result));
        return Checks.ALL.stream().map(check -> check.judge(byId, failures)).toList();
    }

    /** What is worth a plot on a page: what a check is made of, if there is something to compare. */
    public List<Result> plotted() {
        List<String> checked = Checks.ALL.stream().map(Check::result).toList();
        return results.stream()
                .filter(result -> result.lines().size() > 1 && checked.contains(result.id()))
                .toList();
    }

    /** Whether a check failed. */
    public boolean failed() {
        return findings().stream().anyMatch(finding -> finding.verdict() == Verdict.FAILED);
    }

    /** One line of JSON, from which {@link #parse} makes the same report again. */
    public String json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", machine);
        json.put("effort", effort);
        json.put("results", results.stream().map(Result::json).toList());
        json.put("failures", failures);
        json.put("checks", findings().stream().map(SuiteReport::json).toList());
        return Json.write(json);
    }

    private static Map<String, Object> json(Finding finding) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", finding.check().what());
        json.put("result", finding.check().result());
        json.put("bound", finding.check().rule());
        json.put("seen", finding.seen().isPresent() ? round(finding.seen().getAsDouble()) : java.util.Optional.empty());
        json.put("verdict", finding.verdict().word());
        json.put("why", finding.why());
        return json;
    }

    /** The report that {@code text} was written from; throws {@link io.sluice.lab.LabException} if it was not. */
    public static SuiteReport parse(String text) {
        Object json = Json.parse(text);
        List<Result> results = new ArrayList<>();
        if (Json.at(json, "results").orElse(null) instanceof List<?> list) {
            list.forEach(result -> results.add(Result.parse(result)));
        }
        return new SuiteReport(words(json, "machine"), Figures.text(json, "effort"), results, words(json, "failures"));
    }

    private static Map<String, String> words(Object json, String member) {
        Map<String, String> words = new LinkedHashMap<>();
        if (Json.at(json, member).orElse(null) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> words.put(key.toString(), value.toString()));
        }
        return words;
    }

    /** The figures as a table for people: medians, spread, and how many times another's figure ours, the first, is. */
    public String figures() {
        StringBuilder out = new StringBuilder();
        for (Result result : results) {
            out.append(result.title()).append(", ").append(result.unit()).append('\n');
            double ours = result.lines().get(0).median();
            for (int i = 0; i < result.lines().size(); i++) {
                Figures line = result.lines().get(i);
                boolean compared = i > 0 && result.compares() && line.median() != 0;
                out.append(String.format(
                                Locale.ROOT,
                                "  %-26s %8s  %-18s %10s %6s",
                                line.name(),
                                number(line.median()),
                                number(line.least()) + " .. " + number(line.most()),
                                Double.isNaN(line.cpuNs()) ? "" : number(line.cpuNs()) + " ns CPU",
                                compared ? number(ours / line.median()) : "")
                        .stripTrailing());
                out.append('\n');
            }
        }
        return out.toString();
    }

    /**
     * The checks as a table for people, and how many came out how.
     *
     * @param all also those of which nobody wanted to know
     */
    public String table(boolean all) {
        List<Finding> shown = findings().stream()
                .filter(finding -> all || !finding.why().equals(Check.LEFT_OUT))
                .toList();
        StringBuilder out = new StringBuilder();
        for (Finding finding : shown) {
            out.append(String.format(
                            Locale.ROOT,
                            "%-55s %8s %10s  %s%s",
                            finding.check().what(),
                            seen(finding),
                            finding.check().rule(),
                            finding.verdict().word(),
                            finding.why().isEmpty() ? "" : " (" + firstLine(finding.why()) + ")")
                    .stripTrailing());
            out.append('\n');
        }
        return out.append(summary(shown)).append('\n').toString();
    }

    private static String summary(List<Finding> findings) {
        List<String> parts = new ArrayList<>();
        for (Verdict verdict : Verdict.values()) {
            long count = findings.stream()
                    .filter(finding -> finding.verdict() == verdict)
                    .count();
            parts.add(count + " " + verdict.word());
        }
        return String.join(", ", parts);
    }

    /** What was seen, with a digit more where a miss would look like a hit. */
    static String seen(Finding finding) {
        if (finding.seen().isEmpty()) {
            return "-";
        }
        double value = finding.seen().getAsDouble();
        String text = number(value);
        return finding.verdict() == Verdict.FAILED && finding.check().holds(Double.parseDouble(text))
                ? String.format(Locale.ROOT, "%.3f", value)
                : text;
    }

    /** A number with as many digits as are of interest. */
    static String number(double value) {
        double size = Math.abs(value);
        String pattern = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
        return size == 0 ? "0" : String.format(Locale.ROOT, pattern, value);
    }

    static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
