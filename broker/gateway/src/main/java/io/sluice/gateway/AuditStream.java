package io.sluice.gateway;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.sluice.broker.v1.AuditEvent;
import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.v1.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One watcher of audit events and its connection to the broker. Events are handed over in the connection's reader thread,
 * which waits while the watcher takes no more: a slow watcher fills its own socket to the broker, not our memory, and the
 * broker cuts it off.
 */
final class AuditStream {
    private final ServerCallStreamObserver<AuditEvent> watcher;
    private final Runnable ended;

    // Guarded by this.
    private BrokerClient broker;
    private boolean over;

    /** @param ended run once, when the stream is over */
    AuditStream(ServerCallStreamObserver<AuditEvent> watcher, Runnable ended) {
        this.watcher = watcher;
        this.ended = ended;
        watcher.setOnReadyHandler(this::wake);
        watcher.setOnCancelHandler(() -> finish(null));
    }

    /** Connects to the broker and starts the stream, or ends it with the reason. */
    void open(Path brokerAdmin) {
        try {
            BrokerClient client =
                    BrokerClient.connect(brokerAdmin, BrokerLink.CLIENT_NAME, this::forward, this::brokerEnded);
            if (adopt(client)) {
                client.watchAudit();
            } else {
                client.close();
            }
        } catch (RefusedException e) {
            finish(Statuses.of(e));
        } catch (IOException e) {
            finish(Status.UNAVAILABLE.withDescription(e.getMessage() + BrokerLink.ADVICE));
        }
    }

    /** False if the watcher has gone meanwhile. */
    private synchronized boolean adopt(BrokerClient client) {
        if (!over) {
            broker = client;
        }
        return !over;
    }

    private void forward(Reply notice) {
        if (notice.hasAuditEvent() && awaitReady()) {
            watcher.onNext(event(notice.getAuditEvent()));
        }
    }

    private synchronized boolean awaitReady() {
        try {
            while (!over && !watcher.isReady()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !over;
    }

    private synchronized void wake() {
        notifyAll();
    }

    private void brokerEnded(IOException why) {
        finish(
                why instanceof RefusedException
                        ? Statuses.of(why)
                        : Status.UNAVAILABLE.withDescription("the broker ended the audit stream (" + why.getMessage()
                                + "); events may have been missed, watch again"));
    }

    /** @param status for the watcher, or null if it went by itself */
    private void finish(Status status) {
        BrokerClient client;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            client = broker;
            notifyAll();
        }
        ended.run();
        if (status != null) {
            watcher.onError(status.asRuntimeException());
        }
        if (client != null) {
            client.close();
        }
    }

    private static AuditEvent event(io.sluice.grant.v1.AuditEvent event) {
        return AuditEvent.newBuilder()
                .setType(event.getType().name().toLowerCase(Locale.ROOT))
                .setTimeMs(event.getTimeMs())
                .setTenant(event.getTenant())
                .setUid(event.getUid())
                .setPid(event.getPid())
                .setClient(event.getClient())
                .setGrant(event.getGrant())
                .setKind(event.getKind())
                .setInterface(event.getInterface())
                .setLease(event.getLease())
                .setReason(event.getReason())
                .build();
    }
}
