package io.sluice.broker.audit;

import io.sluice.grant.v1.AuditEvent;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** An audit event as one line of JSON; docs/audit.md says what each key means. Keys only ever get added. */
public final class AuditJson {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private AuditJson() {}

    /** The line, without its end. Empty fields are left out; uid 0 is not empty where a peer is meant. */
    public static String line(AuditEvent event) {
        Map<String, Object> line = Json.object(
                "time", TIME.format(Instant.ofEpochMilli(event.getTimeMs())),
                "event", event.getType().name().toLowerCase(Locale.ROOT),
                "tenant", event.getTenant());
        if (hasPeer(event)) {
            line.put("uid", Integer.toUnsignedLong(event.getUid()));
            line.put("pid", Integer.toUnsignedLong(event.getPid()));
        }
        line.put("client", event.getClient());
        line.put("grant", event.getGrant());
        line.put("kind", event.getKind());
        line.put("interface", event.getInterface());
        if (event.getLease() != 0) {
            line.put("lease", event.getLease());
        }
        line.put("reason", event.getReason());
        line.values().removeIf(""::equals);
        return Json.write(line);
    }

    /** What the broker does by itself has no peer; a reload that an operator asked for has one. */
    private static boolean hasPeer(AuditEvent event) {
        return switch (event.getType()) {
            case GRANT, DENY, END, PROTOCOL_ERROR -> true;
            case POLICY_LOADED, POLICY_REFUSED, STARTED, STOPPED, TYPE_UNSPECIFIED, UNRECOGNIZED ->
                event.getUid() != 0 || event.getPid() != 0;
        };
    }
}
