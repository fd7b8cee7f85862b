package io.sluice.broker.audit;

import io.sluice.grant.v1.AuditEvent;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The audit trail: one JSON line for every grant, denial and end, and the same event to whoever watches. */
public final class Audit {
    private final PrintStream lines;
    private final List<Consumer<AuditEvent>> watchers = new ArrayList<>();

    /** @param lines where the JSON lines go; flushed after each */
    public Audit(PrintStream lines) {
        this.lines = lines;
    }

    /** Adds a watcher, which must not block. */
    public void watch(Consumer<AuditEvent> watcher) {
        watchers.add(watcher);
    }

    /** Removes a watcher. */
    public void unwatch(Consumer<AuditEvent> watcher) {
        watchers.remove(watcher);
    }

    /** Records an event, stamped now. */
    public void record(AuditEvent.Builder event) {
        AuditEvent stamped = event.setTimeMs(System.currentTimeMillis()).build();
        lines.println(AuditJson.line(stamped));
        lines.flush();
        List.copyOf(watchers).forEach(watcher -> watcher.accept(stamped));
    }
}
