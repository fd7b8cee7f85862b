package io.sluice.worker.conductor;

import io.sluice.worker.engine.DataPath;
import io.sluice.worker.engine.DataPaths;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The counters of ports, copied in one data-path thread after the other, each between two of its cycles. No packet is ever in
 * two threads, so what one thread received it has sent, dropped or holds, at the moment that it is read; the sums over
 * threads balance as well, though they are read one after the other.
 *
 * @param counters totals, those of earlier openings included, in the order of the ports
 * @param inFlight packets that ports have taken for sending and not yet counted as sent or dropped, each at the moment that its
 *     thread was read
 */
record Readings(Map<PortState, Counters> counters, long inFlight) {
    /** @param threads null while there are none, as no port is up */
    static Readings take(Collection<PortState> ports, DataPaths threads) {
        Map<PortState, Counters> all = new LinkedHashMap<>();
        ports.forEach(state -> all.put(state, state.before.copy()));
        long queued = 0;
        for (int number = 0; threads != null && number < threads.threads().size(); number++) {
            int here = number;
            DataPath thread = threads.threads().get(number);
            queued += thread.call(() -> collect(all, threads, here));
        }
        return new Readings(all, queued);
    }

    /** Adds what thread {@code number} serves; returns the packets that are queued there. */
    private static long collect(Map<PortState, Counters> into, DataPaths threads, int number) {
        long queued = 0;
        for (Map.Entry<PortState, Counters> entry : into.entrySet()) {
            Port port = entry.getKey().port;
            if (port != null) {
                List<Integer> queues = threads.queuesAt(port, number);
                for (int queue : queues) {
                    queued += port.queues().get(queue).queued();
                }
                if (port.states().size() > 1) {
                    queues.forEach(
                            queue -> entry.getValue().addAll(port.state(queue).counters()));
                } else if (queues.contains(0)) { // of all queues, which are here then
                    entry.getValue().addAll(port.counters());
                }
            }
        }
        return queued;
    }
}
