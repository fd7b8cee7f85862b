package io.sluice.lab;

import java.util.List;
import java.util.stream.Stream;

/**
 * A snapshot of a worker's counters as {@code sluice stats --json} prints it (docs/cli.md).
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
        return Json.number(json, "time_ns");
    }

    /** The counter {@code name} of {@code port}; throws if there is no such port or counter. */
    public double value(String port, String name) {
        Object entry = ports().filter(candidate ->
                        Json.at(candidate, "port").filter(port::equals).isPresent())
                .findFirst()
                .orElseThrow(() -> new LabException("no port " + port + " in " + json));
        return Json.number(entry, "counters", name);
    }

    /** Packets that went in and are neither out, nor counted as dropped, nor on their way: always 0. */
    public double unaccounted() {
        return balance("received")
                + balance("created")
                - balance("merged")
                - balance("sent")
                - balance("dropped")
                - balance("in_flight");
    }

    /** A member of the balance: received, created, merged, sent, dropped, in_flight. */
    public double balance(String member) {
        return Json.number(json, "balance", member);
    }

    private Stream<?> ports() {
        return Json.at(json, "ports").orElse(List.of()) instanceof List<?> list ? list.stream() : Stream.empty();
    }
}
