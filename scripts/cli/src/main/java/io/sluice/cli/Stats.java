package io.sluice.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.PortCounters;
import io.sluice.worker.v1.Snapshot;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What a snapshot of counters says, alone or against an earlier one. */
final class Stats {
    private final Snapshot before;
    private final Snapshot now;
    private final Set<String> drops;
    private final double seconds;

    /**
     * @param before an earlier snapshot, for rates; null for totals only
     * @param drops names of the counters that count dropped packets
     */
    Stats(Snapshot before, Snapshot now, Set<String> drops) {
        this.before = before;
        this.now = now;
        this.drops = drops;
        this.seconds = before == null ? 0 : Math.max(1, now.getTimeNs() - before.getTimeNs()) / 1e9;
    }

    /** Counters since a port was added. */
    String totals() {
        Table table = new Table("PORT", ">RX PACKETS", ">RX BYTES", ">FILL", ">TX PACKETS", ">TX BYTES", ">DROPPED");
        StringBuilder reasons = new StringBuilder();
        for (PortCounters port : now.getPortsList()) {
            Map<String, Long> values = values(port);
            table.row(
                    port.getPort(),
                    Units.si(all(values, "rx_packets")),
                    Units.bytes(all(values, "rx_bytes")),
                    fill(values),
                    Units.si(all(values, "tx_packets")),
                    Units.bytes(all(values, "tx_bytes")),
                    Units.si(dropped(values)));
            reasons(reasons, port.getPort(), values, 0);
        }
        return lines(table, reasons);
    }

    /** What happened between the two snapshots, by the second. */
    String rates() {
        Table table = new Table("PORT", ">RX PKT/S", ">RX BIT/S", ">FILL", ">TX PKT/S", ">TX BIT/S", ">DROP/S");
        StringBuilder reasons = new StringBuilder();
        for (PortCounters port : now.getPortsList()) {
            Map<String, Long> change = change(port);
            table.row(
                    port.getPort(),
                    rate(change, "rx_packets", 1),
                    rate(change, "rx_bytes", 8),
                    fill(change),
                    rate(change, "tx_packets", 1),
                    rate(change, "tx_bytes", 8),
                    Units.si(dropped(change) / seconds));
            reasons(reasons, port.getPort(), change, seconds);
        }
        return lines(table, reasons);
    }

    /** Counters as they are, with what they amount to; rates if there is an earlier snapshot. */
    JsonObject json() {
        JsonArray ports = new JsonArray();
        for (PortCounters port : now.getPortsList()) {
            JsonObject object = new JsonObject();
            object.addProperty("port", port.getPort());
            JsonObject counters = new JsonObject();
            values(port).forEach((name, value) -> counters.add(name, Json.unsigned(value)));
            object.add("counters", counters);
            Map<String, Long> basis = before == null ? values(port) : change(port);
            long vectors = basis.getOrDefault("rx_vectors", 0L);
            object.addProperty("fill", vectors == 0 ? null : (double) basis.getOrDefault("rx_packets", 0L) / vectors);
            if (before != null) {
                JsonObject rates = new JsonObject();
                basis.forEach((name, value) -> rates.addProperty(name, value / seconds));
                object.add("rates", rates);
            }
            ports.add(object);
        }
        JsonObject json = new JsonObject();
        json.add("time_ns", Json.unsigned(now.getTimeNs()));
        json.add("ports", ports);
        json.add("balance", Json.of(now.getBalance()));
        return json;
    }

    private String lines(Table table, StringBuilder reasons) {
        return (now.getPortsCount() == 0 ? "no ports" : table) + "\n" + reasons + balance(now.getBalance());
    }

    private static String balance(Balance balance) {
        long off = balance.getReceived()
                + balance.getCreated()
                - balance.getSent()
                - balance.getDropped()
                - balance.getMerged()
                - balance.getInFlight();
        return "balance: received " + balance.getReceived()
                + (balance.getCreated() == 0 ? "" : " + created " + balance.getCreated())
                + " = sent " + balance.getSent()
                + " + dropped " + balance.getDropped()
                + (balance.getMerged() == 0 ? "" : " + merged " + balance.getMerged())
                + " + in flight " + balance.getInFlight()
                + (off == 0 ? "" : " (OFF BY " + off + ")");
    }

    /** A line for every reason of drops; {@code per} seconds, or 0 for totals. */
    private void reasons(StringBuilder text, String port, Map<String, Long> values, double per) {
        values.forEach((name, value) -> {
            if (drops.contains(name) && value != 0) {
                String figure = per == 0 ? Units.si(value) : Units.si(value / per) + "/s";
                text.append(port)
                        .append(": ")
                        .append(name)
                        .append(' ')
                        .append(figure)
                        .append('\n');
            }
        });
    }

    private long dropped(Map<String, Long> values) {
        return values.entrySet().stream()
                .filter(counter -> drops.contains(counter.getKey()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private static String fill(Map<String, Long> values) {
        long vectors = values.getOrDefault("rx_vectors", 0L);
        return vectors == 0 ? "" : Units.decimal((double) values.getOrDefault("rx_packets", 0L) / vectors);
    }

    /** What the worker moved, and what the kernel did in its place. */
    private static long all(Map<String, Long> values, String name) {
        return values.getOrDefault(name, 0L) + values.getOrDefault("offload_" + name, 0L);
    }

    private String rate(Map<String, Long> change, String name, int factor) {
        return Units.si(all(change, name) * factor / seconds);
    }

    /** A port that was not there before counts from zero. */
    private Map<String, Long> change(PortCounters port) {
        Map<String, Long> change = values(port);
        for (PortCounters earlier : before.getPortsList()) {
            if (earlier.getPort().equals(port.getPort())) {
                values(earlier).forEach((name, value) -> change.merge(name, -value, Long::sum));
            }
        }
        // A port that was removed and added again between the snapshots begins anew.
        return change.values().stream().anyMatch(value -> value < 0) ? values(port) : change;
    }

    private static Map<String, Long> values(PortCounters port) {
        Map<String, Long> values = new LinkedHashMap<>();
        for (Counter counter : port.getCountersList()) {
            values.put(counter.getName(), counter.getValue());
        }
        return values;
    }
}
