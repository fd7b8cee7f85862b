package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.sluice.broker.v1.AuditEvent;
import io.sluice.broker.v1.AuditGrpc;
import io.sluice.broker.v1.WatchAuditRequest;
import io.sluice.control.transport.ControlChannel;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {
    @TempDir
    Path directory;

    private Path admin;
    private FakeBroker broker;
    private Gateway gateway;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        admin = directory.resolve("admin.sock");
        broker = new FakeBroker(admin, request -> null);
        Path socket = directory.resolve("gateway.sock");
        gateway = Gateway.start(new GatewayOptions(admin, socket, "no-such-group", GatewayOptions.Action.SERVE));
        channel = ControlChannel.open(socket);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow();
        gateway.close();
        broker.close();
    }

    @Test
    void eventsArriveInOrderWithTheirFields() throws Exception {
        Watcher watcher = watch(true);
        FakeBroker.Session session = nextSession();
        for (int i = 1; i <= 3; i++) {
            session.event(event(i));
        }
        for (int i = 1; i <= 3; i++) {
            assertThat(watcher.next())
                    .isEqualTo(AuditEvent.newBuilder()
                            .setType("deny")
                            .setTimeMs(1_000)
                            .setTenant("blue")
                            .setUid(1001)
                            .setPid(4711)
                            .setClient("worker")
                            .setGrant("uplink")
                            .setKind("xdp")
                            .setInterface("eth1")
                            .setLease(i)
                            .setReason("quota")
                            .build());
        }
    }

    @Test
    void cancellingClosesTheConnectionToTheBroker() throws Exception {
        Watcher watcher = watch(true);
        FakeBroker.Session session = nextSession();
        watcher.cancel();
        session.awaitEnd();
    }

    @Test
    void watcherLearnsThatTheBrokerHasGone() throws Exception {
        Watcher watcher = watch(true);
        nextSession().cut();
        Status end = watcher.end();
        assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(end.getDescription())
                .startsWith("the broker ended the audit stream")
                .endsWith("watch again");
    }

    @Test
    void withoutABrokerTheStreamIsUnavailable() throws Exception {
        broker.close();
        Status end = watch(true).end();
        assertThat(end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(end.getDescription())
                .startsWith("cannot connect to the broker at " + admin)
                .endsWith("connects by itself");
    }

    @Test
    void refusalOfTheBrokerEndsTheStream() throws Exception {
        broker.close();
        broker = new FakeBroker(admin, request -> FakeBroker.error(Error.Code.QUOTA, "too many watchers", ""));
        Status end = watch(true).end();
        assertThat(end.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(end.getDescription()).isEqualTo("too many watchers");
    }

    @Test
    void watchersAreBoundedAndAPlaceIsFreeAgainWhenOneGoes() throws Exception {
        List<Watcher> watchers = new ArrayList<>();
        for (int i = 0; i < AuditService.MAX_STREAMS; i++) {
            watchers.add(watch(true));
            nextSession();
        }
        Status refused = watch(true).end();
        assertThat(refused.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused.getDescription()).startsWith("there are 16 audit watchers already");

        watchers.get(0).cancel();
        FakeBroker.Session session = null;
        while (session == null) { // until the cancellation has arrived
            Watcher again = watch(true);
            session = broker.watchers.poll(100, TimeUnit.MILLISECONDS);
            assertThat(session != null || again.end().getCode() == Status.Code.RESOURCE_EXHAUSTED)
                    .isTrue();
        }
    }

    @Test
    void watcherThatDoesNotReadHoldsUpItsOwnConnectionOnly() throws Exception {
        watch(false);
        FakeBroker.Session slow = nextSession();
        int sent = 0;
        while (slow.event(event(sent))) {
            sent++;
            assertThat(sent).as("events that the gateway buffers").isLessThan(100_000);
        }
        Watcher quick = watch(true);
        nextSession().event(event(1));
        assertThat(quick.next().getLease()).isEqualTo(1);
    }

    private FakeBroker.Session nextSession() throws InterruptedException {
        FakeBroker.Session session = broker.watchers.poll(20, TimeUnit.SECONDS);
        assertThat(session).as("a connection that watches").isNotNull();
        return session;
    }

    private static Reply.Builder event(long lease) throws IOException {
        return Reply.newBuilder()
                .setAuditEvent(io.sluice.grant.v1.AuditEvent.newBuilder()
                        .setType(io.sluice.grant.v1.AuditEvent.Type.DENY)
                        .setTimeMs(1_000)
                        .setTenant("blue")
                        .setUid(1001)
                        .setPid(4711)
                        .setClient("worker")
                        .setGrant("uplink")
                        .setKind("xdp")
                        .setInterface("eth1")
                        .setLease(lease)
                        .setReason("quota"));
    }

    private Watcher watch(boolean reading) {
        Watcher watcher = new Watcher(reading);
        AuditGrpc.newStub(channel).watchAudit(WatchAuditRequest.getDefaultInstance(), watcher);
        return watcher;
    }

    /** A client that takes every event, or none. */
    private static final class Watcher implements ClientResponseObserver<WatchAuditRequest, AuditEvent> {
        private final boolean reading;
        private final BlockingQueue<AuditEvent> events = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();
        private ClientCallStreamObserver<WatchAuditRequest> call;

        Watcher(boolean reading) {
            this.reading = reading;
        }

        AuditEvent next() throws InterruptedException {
            return events.poll(20, TimeUnit.SECONDS);
        }

        Status end() throws Exception {
            return end.get(20, TimeUnit.SECONDS);
        }

        void cancel() {
            call.cancel("test", null);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchAuditRequest> stream) {
            call = stream;
            if (!reading) {
                stream.disableAutoRequestWithInitial(0);
            }
        }

        @Override
        public void onNext(AuditEvent event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable t) {
            end.complete(Status.fromThrowable(t));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }
    }
}
