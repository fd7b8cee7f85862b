package io.sluice.lab.bench.result;

import io.sluice.lab.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One thing that was measured, of every contender that took part.
 *
 * @param id what checks and files name it by, for example {@code l2fwd.xdp.64}
 * @param title for people
 * @param unit of the figures
 * @param better which figures are better
 * @param lines contenders, ours first
 */
public record Result(String id, String title, String unit, Better better, List<Figures> lines) {
    /** Which of two figures is the better one. */
    public enum Better {
        /** The greater: a rate. */
        MORE,
        /** The smaller: a time, a loss. */
        LESS;

        /** The word of plots and tables. */
        public String word() {
            return this == MORE ? "more is better" : "less is better";
        }
    }

    /** Checks that the id can be the name of a file. */
    public Result {
        lines = List.copyOf(lines);
        if (!id.matches("[a-z0-9_.-]{1,60}")) {
            throw new IllegalArgumentException("\"" + id + "\" is no id of a result: it is of a-z 0-9 _ . -");
        }
    }

    /** The figures of the contender {@code name}. */
    public Optional<Figures> line(String name) {
        return lines.stream().filter(line -> line.name().equals(name)).findFirst();
    }

    /** Whether the first line is ours and the others are to be seen beside it. */
    boolean compares() {
        return !lines.isEmpty() && lines.get(0).name().equals("sluice");
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("title", title);
        json.put("unit", unit);
        json.put("better", better.name().toLowerCase(java.util.Locale.ROOT));
        json.put("lines", lines.stream().map(Figures::json).toList());
        return json;
    }

    static Result parse(Object json) {
        List<Figures> lines = new ArrayList<>();
        if (Json.at(json, "lines").orElse(null) instanceof List<?> list) {
            list.forEach(line -> lines.add(Figures.parse(line)));
        }
        Better better = Figures.text(json, "better").equals("more") ? Better.MORE : Better.LESS;
        return new Result(
                Figures.text(json, "id"), Figures.text(json, "title"), Figures.text(json, "unit"), better, lines);
    }
}
