package io.sluice.lab;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A snapshot of a worker's counters as {@code sluice stats --json} prints it.
 *
 * @param json the parsed snapshot
 */
public record Counters(Object json) {
    /** Parses one snapshot. */
    public static Counters of(String text) {
        return new Counters(Json.parse(text));
    }

    /** When it was taken, nanoseconds of the worker's monotonic clock. */
    public double timeNs() {
        return Json.number(json, "timeNs");
    }

    /** The counter {@code name} of {@code port}; 0 if the port has none of that name, as protobuf leaves zeros out. */
    public double value(String port, String name) {
        return list(json, "ports")
                .filter(entry -> Json.at(entry, "port").filter(port::equals).isPresent())
                .flatMap(entry -> list(entry, "counters"))
                .filter(counter -> Json.at(counter, "name").filter(name::equals).isPresent())
                .mapToDouble(counter -> Json.at(counter, "value").isPresent() ? Json.number(counter, "value") : 0)
                .sum();
    }

    /** Packets that went in and are neither out, nor counted as dropped, nor on their way: always 0. */
    public double unaccounted() {
        return balance("received") - balance("sent") - balance("dropped") - balance("inFlight");
    }

    private double balance(String member) {
        return Json.at(json, "balance", member).isPresent() ? Json.number(json, "balance", member) : 0;
    }

    private static Stream<Object> list(Object json, String member) {
        Optional<Object> found = Json.at(json, member);
        return found.isPresent() && found.get() instanceof List<?> list
                ? list.stream().map(Object.class::cast)
                : Stream.empty();
    }
}
