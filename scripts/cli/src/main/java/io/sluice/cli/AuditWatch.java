package io.sluice.cli;

import io.sluice.broker.v1.AuditEvent;
import io.sluice.broker.v1.AuditGrpc;
import io.sluice.broker.v1.WatchAuditRequest;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Iterator;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code sluice audit watch}. */
@Command(
        name = "watch",
        description = "Prints every grant, denial and end from now on, until it is interrupted.",
        customSynopsis = "sluice audit watch [OPTIONS]")
final class AuditWatch extends Action.Calling {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT);

    AuditWatch(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot watch audit events";
    }

    @Override
    void run(Remote gateway) {
        Iterator<AuditEvent> events =
                gateway.endless(AuditGrpc::newBlockingStub).watchAudit(WatchAuditRequest.getDefaultInstance());
        // checkError flushes; it is true when the reader of our output has gone.
        while (!out().checkError() && events.hasNext()) {
            AuditEvent event = events.next();
            print(() -> Json.of(event), () -> text(event));
        }
    }

    private static String text(AuditEvent event) {
        StringBuilder text = new StringBuilder();
        text.append(TIME.format(Instant.ofEpochMilli(event.getTimeMs()).atZone(ZoneId.systemDefault())));
        text.append("  ").append(event.getType());
        word(text, " tenant ", event.getTenant());
        word(text, " grant ", event.getGrant());
        word(text, " ", event.getKind());
        word(text, " on ", event.getInterface());
        if (event.getLease() != 0) {
            word(text, " lease ", Long.toUnsignedString(event.getLease()));
        }
        if (event.getPid() != 0) {
            text.append(" for uid ").append(Integer.toUnsignedString(event.getUid()));
            text.append(" pid ").append(Integer.toUnsignedString(event.getPid()));
        }
        word(text, " ", event.getClient());
        word(text, ": ", event.getReason());
        return text.toString();
    }

    private static void word(StringBuilder text, String before, String word) {
        if (!word.isEmpty()) {
            text.append(before).append(word);
        }
    }
}
