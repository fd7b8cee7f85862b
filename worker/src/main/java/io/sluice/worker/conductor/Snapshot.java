package io.sluice.worker.conductor;

import io.sluice.worker.port.Counters;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * All counters at one moment between two data-path cycles.
 *
 * @param timeNs of {@link System#nanoTime()}
 * @param ports in the order that they were added
 * @param received packets, over all ports that exist or ever existed; so are the next four
 * @param created packets that came about by segmenting superframes, beyond the superframe itself
 * @param merged packets that became part of a superframe of another one
 * @param inFlight packets that ports hold now
 */
public record Snapshot(
        long timeNs,
        List<PortCounters> ports,
        long received,
        long created,
        long merged,
        long sent,
        long dropped,
        long inFlight) {
    /** The counters of one port, by name. */
    public record PortCounters(String port, Map<String, Long> values) {}

    public Snapshot {
        ports = List.copyOf(ports);
    }

    /**
     * @param retired totals of ports that are no more
     * @param names of the ports to list; empty: all
     */
    static Snapshot of(Readings readings, Counters retired, Collection<String> names) {
        Counters total = retired.copy();
        readings.counters().values().forEach(total::addAll);
        List<PortCounters> listed = new ArrayList<>();
        readings.counters().forEach((state, counters) -> {
            if (names.isEmpty() || names.contains(state.name())) {
                listed.add(new PortCounters(state.name(), state.values(counters)));
            }
        });
        return new Snapshot(
                System.nanoTime(),
                listed,
                total.received(),
                total.created(),
                total.merged(),
                total.sent(),
                total.dropped(),
                readings.inFlight());
    }
}
