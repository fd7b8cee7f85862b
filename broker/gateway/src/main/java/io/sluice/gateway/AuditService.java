package io.sluice.gateway;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.broker.v1.AuditEvent;
import io.sluice.broker.v1.AuditGrpc;
import io.sluice.broker.v1.WatchAuditRequest;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/**
 * sluice.broker.v1.Audit: each watcher gets a connection to the broker of its own, as the protocol turns a connection into
 * a stream. Their number is bounded: what they cost, the broker pays.
 */
final class AuditService extends AuditGrpc.AuditImplBase {
    /** Most watchers at a time. */
    static final int MAX_STREAMS = 16;

    private final Path brokerAdmin;
    private final Semaphore places = new Semaphore(MAX_STREAMS);

    AuditService(Path brokerAdmin) {
        this.brokerAdmin = brokerAdmin;
    }

    @Override
    public void watchAudit(WatchAuditRequest request, StreamObserver<AuditEvent> answer) {
        if (!places.tryAcquire()) {
            answer.onError(Status.RESOURCE_EXHAUSTED
                    .withDescription("there are " + MAX_STREAMS + " audit watchers already; end one of them first")
                    .asRuntimeException());
            return;
        }
        new AuditStream((ServerCallStreamObserver<AuditEvent>) answer, places::release).open(brokerAdmin);
    }
}
