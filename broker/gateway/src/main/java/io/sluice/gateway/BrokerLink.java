package io.sluice.gateway;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to the broker's admin socket, kept up by a thread of its own: the broker may start after the gateway, and
 * come back.
 */
final class BrokerLink implements AutoCloseable {
    /** What the gateway calls itself in the broker's audit lines. */
    static final String CLIENT_NAME = "sluice-gateway";

    /** What to do about a broker that is away. */
    static final String ADVICE = "; start `sluice broker` with this admin socket, the gateway connects by itself";

    private static final Logger LOG = LoggerFactory.getLogger(BrokerLink.class);
    private static final long FIRST_RETRY_MS = 50;
    private static final long LAST_RETRY_MS = 1_000;
    private static final long CLOSE_TIMEOUT_MS = 2_000;
    private static final String STOPPING = "the gateway stops";

    /** A greeted connection; {@code end} completes when it can't be used any more. */
    private record Connection(BrokerClient client, CompletableFuture<IOException> end) {}

    private final Path socket;
    private final Thread keeper = new Thread(this::keep, "broker-link");
    private Consumer<Boolean> connected = up -> {};
    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile Connection current;
    private volatile String whyNot;

    /** A link to the broker's admin socket, down until it is started. */
    BrokerLink(Path socket) {
        this.socket = socket;
        this.whyNot = "there is no connection to the broker at " + socket + " yet";
        keeper.setDaemon(true);
    }

    /**
     * Starts to connect.
     *
     * @param listener told, in the link's thread, whenever the connection has come or gone
     */
    void start(Consumer<Boolean> listener) {
        connected = listener;
        keeper.start();
    }

    /**
     * Sends one request and waits for its reply.
     *
     * @throws RefusedException the broker answered with an error
     * @throws IOException the broker is away; the message says what to do
     */
    Reply call(Request.Builder request) throws IOException {
        Connection connection = current;
        if (connection == null) {
            throw new IOException(whyNot + ADVICE);
        }
        try {
            return connection.client().call(request);
        } catch (RefusedException e) {
            throw e;
        } catch (IOException e) {
            connection.end().complete(e);
            throw new IOException(
                    "the connection to the broker ended during the call (" + e.getMessage()
                            + "); it may have taken effect, look before trying again",
                    e);
        }
    }

    private void keep() {
        long retryMs = FIRST_RETRY_MS;
        try {
            do {
                boolean worked = connectAndWait();
                retryMs = worked ? FIRST_RETRY_MS : Math.min(2 * retryMs, LAST_RETRY_MS);
            } while (!stop.await(retryMs, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    /** Returns whether there was a connection, after it has ended. */
    private boolean connectAndWait() throws InterruptedException {
        CompletableFuture<IOException> end = new CompletableFuture<>();
        try (BrokerClient client = BrokerClient.connect(socket, CLIENT_NAME, notice -> {}, end::complete)) {
            LOG.info("connected to the broker at {}", socket);
            current = new Connection(client, end);
            if (stop.getCount() == 0) {
                end.complete(new IOException(STOPPING)); // close() has not seen this connection
            }
            connected.accept(true);
            note("the connection to the broker at " + socket + " ended: "
                    + end.get().getMessage());
        } catch (ExecutionException e) {
            throw new IllegalStateException("the end of a connection is never an exception", e);
        } catch (IOException e) {
            note(e.getMessage());
        }
        boolean worked = current != null;
        if (worked) {
            current = null;
            connected.accept(false);
        }
        return worked;
    }

    private void note(String reason) {
        if (!reason.equals(whyNot) && stop.getCount() > 0) {
            LOG.warn("{}; trying again until it works", reason);
        }
        whyNot = reason;
    }

    /** Ends the connection; calls in progress fail. */
    @Override
    public void close() {
        stop.countDown();
        Connection connection = current;
        if (connection != null) {
            connection.end().complete(new IOException(STOPPING));
        }
        try {
            keeper.join(CLOSE_TIMEOUT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
