package io.sluice.lab.bench.result;

import io.sluice.lab.Json;
import io.sluice.lab.LabException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The figures of one contender, one a run.
 *
 * @param name of the contender
 * @param values in the unit of their {@link Result}, at least one
 * @param cpuNs nanoseconds of CPU that its process used for each packet by the kernel's accounting, median of the runs; NaN if
 *     unknown
 */
public record Figures(String name, List<Double> values, double cpuNs) {
    private static final double DIGITS = 1e4;

    /** Checks that there is a figure and that all are numbers. */
    public Figures {
        values = List.copyOf(values);
        if (values.isEmpty()) {
            throw new IllegalArgumentException(name + " has no figure");
        }
        if (values.stream().anyMatch(value -> !Double.isFinite(value))) {
            throw new IllegalArgumentException(name + " has a figure that is no number: " + values);
        }
    }

    /** Figures of a contender whose CPU time was not looked at. */
    public static Figures of(String name, List<Double> values) {
        return new Figures(name, values, Double.NaN);
    }

    /** The median; the mean of the two in the middle if their number is even. */
    public double median() {
        return median(values);
    }

    /** The least figure. */
    public double least() {
        return Collections.min(values);
    }

    /** The greatest figure. */
    public double most() {
        return Collections.max(values);
    }

    /** The median of any values, at least one. */
    public static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int size = sorted.size();
        return (sorted.get((size - 1) / 2) + sorted.get(size / 2)) / 2;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("median", rounded(median()));
        json.put("least", rounded(least()));
        json.put("most", rounded(most()));
        json.put("runs", values.stream().map(Figures::rounded).toList());
        json.put("cpu_ns_per_packet", Double.isNaN(cpuNs) ? Optional.empty() : rounded(cpuNs));
        return json;
    }

    static Figures parse(Object json) {
        List<?> runs = Json.at(json, "runs").orElse(null) instanceof List<?> list ? list : List.of();
        List<Double> values = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            values.add(Json.number(json, "runs", i));
        }
        boolean hasCpu = Json.at(json, "cpu_ns_per_packet").orElse(null) instanceof Double;
        return new Figures(text(json, "name"), values, hasCpu ? Json.number(json, "cpu_ns_per_packet") : Double.NaN);
    }

    /** The string at a member; throws if there is none. */
    static String text(Object json, String member) {
        return Json.at(json, member)
                .map(Object::toString)
                .orElseThrow(() -> new LabException("the results have no \"" + member + "\" in " + json));
    }

    /** Four digits after the point are more than any measurement here is good for. */
    private static double rounded(double value) {
        return Math.abs(value) < 1e12 ? Math.round(value * DIGITS) / DIGITS : value;
    }
}
