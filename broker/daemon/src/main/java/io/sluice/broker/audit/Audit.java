package io.sluice.broker.audit;

import io.sluice.grant.v1.AuditEvent;
import java.io.PrintStream;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/** The audit trail: one JSON line for every grant, denial and end, and the same event to whoever watches. */
public final class Audit {
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);
    /** What the broker does by itself, unless an operator asked for it. The rest is about a peer. */
    private static final Set<AuditEvent.Type> OWN =
            EnumSet.range(AuditEvent.Type.POLICY_LOADED, AuditEvent.Type.STOPPED);

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
        lines.println(line(stamped));
        lines.flush();
        List.copyOf(watchers).forEach(watcher -> watcher.accept(stamped));
    }

    /** An event without the line's end; docs/audit.md says what each key means. Keys only ever get added. */
    static String line(AuditEvent event) {
        boolean peer = !OWN.contains(event.getType()) || event.getUid() != 0 || event.getPid() != 0;
        return Json.object(
                "time", TIME.format(Instant.ofEpochMilli(event.getTimeMs())),
                "event", event.getType().name().toLowerCase(Locale.ROOT),
                "tenant", event.getTenant(),
                "uid", peer ? Integer.toUnsignedLong(event.getUid()) : "",
                "pid", peer ? Integer.toUnsignedLong(event.getPid()) : "",
                "client", event.getClient(),
                "grant", event.getGrant(),
                "kind", event.getKind(),
                "interface", event.getInterface(),
                "lease", event.getLease() != 0 ? event.getLease() : "",
                "reason", event.getReason());
    }
}
