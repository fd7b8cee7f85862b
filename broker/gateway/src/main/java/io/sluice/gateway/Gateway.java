package io.sluice.gateway;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.sluice.broker.v1.AuditGrpc;
import io.sluice.broker.v1.BrokerGrpc;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.PolicyGrpc;
import io.sluice.control.transport.ControlChannel;
import io.sluice.control.transport.ControlServer;
import io.sluice.control.transport.Peer;
import io.sluice.control.transport.PeerRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running gateway: the server for operators and the link to the broker. */
final class Gateway implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    /** Calls wait for the broker, one after the other; more threads would only wait in more places. */
    private static final int THREADS = 8;

    private static final long CLOSE_TIMEOUT_MS = 2_000;

    private static final List<String> SERVICES = List.of(
            "", BrokerGrpc.SERVICE_NAME, LeasesGrpc.SERVICE_NAME, PolicyGrpc.SERVICE_NAME, AuditGrpc.SERVICE_NAME);

    private final ExecutorService calls;
    private final ControlServer server;
    private final BrokerLink broker;

    private Gateway(ExecutorService calls, ControlServer server, BrokerLink broker) {
        this.calls = calls;
        this.server = server;
        this.broker = broker;
    }

    /**
     * Serves, whether the broker is there or not.
     *
     * @throws IOException the socket is in use or can't be made
     */
    static Gateway start(GatewayOptions options) throws IOException {
        ControlServer.Builder builder = ControlServer.builder();
        access(builder, options);
        AtomicInteger number = new AtomicInteger();
        ExecutorService calls = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "gateway-call-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        BrokerLink broker = new BrokerLink(options.brokerAdmin());
        try {
            ControlServer server = builder.executor(calls)
                    .service(new BrokerService(broker))
                    .service(new LeasesService(broker))
                    .service(new PolicyService(broker))
                    .service(new AuditService(options.brokerAdmin()))
                    .start();
            SERVICES.forEach(service -> server.health(service, false));
            broker.start(up -> SERVICES.forEach(service -> server.health(service, up)));
            return new Gateway(calls, server, broker);
        } catch (IOException | RuntimeException e) {
            calls.shutdownNow();
            throw e;
        }
    }

    /** Who may call: root, our own uid and the group; the socket's mode says the same as far as it can. */
    private static void access(ControlServer.Builder builder, GatewayOptions options) throws IOException {
        Peer self = Peer.self();
        PeerRule rule = PeerRule.uid(0);
        if (self.uid() != 0) {
            rule = rule.or(PeerRule.uid(self.uid()));
        }
        OptionalInt gid = AdminGroup.gid(options.group());
        if (gid.isEmpty()) {
            LOG.warn(
                    "there is no group {}: only root and uid {} may call; create it with groupadd --system {}",
                    options.group(),
                    self.uid(),
                    options.group());
            builder.unix(options.socket(), rule, "rw-------");
            return;
        }
        rule = rule.or(PeerRule.group(gid.getAsInt(), options.group()));
        if (self.uid() == 0 || self.groups().contains(gid.getAsInt())) {
            builder.unix(options.socket(), rule, "rw-rw----").group(options.group());
        } else {
            LOG.warn(
                    "uid {} is not in the group {} and can't give it the socket, so its members can't connect;"
                            + " start the gateway with that group",
                    self.uid(),
                    options.group());
            builder.unix(options.socket(), rule, "rw-------");
        }
    }

    /** A call of every layer, whatever its outcome. */
    void callOnce(Path socket) {
        ManagedChannel channel = ControlChannel.open(socket);
        try {
            LeasesGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                    .listLeases(ListLeasesRequest.getDefaultInstance());
        } catch (StatusRuntimeException e) {
            LOG.debug("the call failed, as there is no broker", e);
        } finally {
            channel.shutdownNow();
        }
    }

    void awaitTermination() throws InterruptedException {
        server.awaitTermination();
    }

    @Override
    public void close() throws IOException {
        broker.close();
        try {
            server.close();
        } finally {
            calls.shutdown();
            awaitQuietly(); // cancelled streams close their connections there
        }
    }

    private void awaitQuietly() {
        try {
            if (!calls.awaitTermination(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
                calls.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
