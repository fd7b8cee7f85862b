package io.sluice.worker.conductor;

import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.engine.DataPaths;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.Tuning;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A port that was asked for, and what has become of it. Mutable; owned by the conductor. */
public final class PortState {
    final PortPlan plan;

    /** Totals of earlier openings of this port. */
    final Counters before = new Counters();

    /** What the kernel forwarded past it. */
    final OffloadCounter.Sums offloaded = new OffloadCounter.Sums();

    /** Whether it ever did. */
    boolean wasOffloaded;

    /** How it is to be while it is up. */
    Tuning tuning;

    Port port;
    PortInfo lastInfo;
    String reason = "";

    /** The link that it was opened for and goes with; empty: it was asked for. */
    String ofLink = "";

    /** Whether to open it again when the broker comes back. */
    boolean wanted = true;

    PortState(PortPlan plan) {
        this.plan = plan;
        this.tuning = Tuning.of(plan.depth());
    }

    /** One that a predecessor had. */
    PortState(Remembered port) {
        this.plan = port.plan();
        this.tuning = port.tuning();
        this.wanted = port.down().isEmpty();
        this.reason = port.down();
    }

    /** The name. */
    public String name() {
        return plan.name();
    }

    /** Whether it forwards. */
    public boolean isUp() {
        return port != null;
    }

    /** Why it is down; empty while it is up. */
    public String reason() {
        return reason;
    }

    /** What is known of it, if it ever was up. */
    public Optional<PortInfo> info() {
        return Optional.ofNullable(lastInfo);
    }

    /** Most packets that a poll takes. */
    public int depth() {
        return tuning.depth();
    }

    /** How it looks now. */
    PortView view(DataPaths threads) {
        Counters counters = new Counters();
        if (port == null) {
            return new PortView(this, tuning, Rings.NONE, false, counters);
        }
        threads.each(port, (i, thread) -> {
            if (i < port.states().size()) { // one of each queue, or one of all
                counters.addAll(port.state(i).counters());
            }
        });
        PortQueue first = port.queues().get(0);
        return new PortView(this, tuning, first.rings(), first.offloads(), counters);
    }

    /** Counters by their names, with those that the kernel keeps for it. */
    Map<String, Long> values(Counters counters) {
        Map<String, Long> values = new LinkedHashMap<>();
        for (PortCounter counter : PortCounter.values()) {
            values.put(counter.label(), counters.get(counter));
        }
        if (port != null) {
            values.putAll(port.kernel().read());
        }
        if (wasOffloaded) {
            for (OffloadCounter counter : OffloadCounter.values()) {
                values.put(counter.label(), offloaded.get(counter));
            }
        }
        return values;
    }

    /** The numbers of the threads that its queues are at; empty while it is down. */
    public List<Integer> threads(DataPaths threads) {
        return port == null
                ? List.of()
                : port.queues().stream().map(threads::threadOf).toList();
    }

    /** What whoever asked for it should know of what it asked for. */
    public List<String> notes() {
        return plan.notes();
    }

    /** Queues, while it is up. */
    public int queues() {
        return port == null ? 0 : port.queues().size();
    }
}
