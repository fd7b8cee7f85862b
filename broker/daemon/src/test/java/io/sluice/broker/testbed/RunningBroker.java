package io.sluice.broker.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.server.Broker;
import io.sluice.broker.server.Wakeup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A broker in this process, on a thread that lives in a network namespace of its own, which has the devices {@code dev0}
 * and {@code peer0}, joined, with two queues each.
 */
public final class RunningBroker implements AutoCloseable {
    private static final int PATIENCE_S = 20;

    private final Path directory;
    private final Netns netns;
    private final BlockingQueue<String> audit = new LinkedBlockingQueue<>();
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread thread;
    private volatile Throwable failure;
    private volatile Wakeup wakeup;

    /** Collects lines. */
    private final class Lines extends OutputStream {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public void write(int b) {
            if (b == '\n') {
                audit.add(line.toString(StandardCharsets.UTF_8));
                line.reset();
            } else {
                line.write(b);
            }
        }
    }

    /**
     * Starts one.
     *
     * @param directory for its sockets and its policy; opened to everybody here
     */
    public RunningBroker(Path directory, String policy) throws Exception {
        this.directory = directory;
        this.netns = new Netns();
        netns.veth("dev0", "peer0");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        policy(policy);
        thread = new Thread(this::runInNetns, "broker");
        thread.start();
        assertThat(ready.await(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
        if (failure != null) {
            netns.close();
            throw new AssertionError("the broker did not start", failure);
        }
    }

    /** Where its devices are; borrowed. */
    public Netns netns() {
        return netns;
    }

    private void runInNetns() {
        try {
            netns.enter();
            wakeup = new Wakeup();
            PrintStream lines = new PrintStream(new Lines(), false, StandardCharsets.UTF_8);
            try (Compiling compiling = new Compiling(policyFile());
                    Broker broker = Broker.listening(compiling.compiler(), socket(), adminSocket(), lines, wakeup)) {
                ready.countDown();
                broker.run();
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            ready.countDown();
        }
    }

    /** Writes the policy file; it is in force after a reload. */
    public void policy(String text) throws IOException {
        Files.writeString(policyFile(), text);
    }

    /** As SIGHUP does. */
    public void reload() {
        wakeup.reload();
    }

    public Path socket() {
        return directory.resolve("broker.sock");
    }

    public Path adminSocket() {
        return directory.resolve("admin.sock");
    }

    private Path policyFile() {
        return directory.resolve("policy.yaml");
    }

    /** Waits for an audit line that has all of {@code parts} and forgets those before it. */
    public String audited(String... parts) throws InterruptedException {
        StringBuilder seen = new StringBuilder();
        while (true) {
            String line = audit.poll(PATIENCE_S, TimeUnit.SECONDS);
            assertThat(line)
                    .as("an audit line with %s; there were:%n%s", String.join(", ", parts), seen)
                    .isNotNull();
            boolean all = true;
            for (String part : parts) {
                all &= line.contains(part);
            }
            if (all) {
                return line;
            }
            seen.append(line).append('\n');
        }
    }

    /** Stops it, fails if it had failed, and removes the namespace. */
    @Override
    public void close() throws IOException {
        try {
            stop();
        } finally {
            netns.close();
        }
    }

    /** Stops it, as SIGTERM does, and fails if it had failed. */
    public void stop() {
        if (thread.isAlive()) {
            wakeup.stop();
        }
        try {
            thread.join(PATIENCE_S * 1000L);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(thread.isAlive()).as("the broker runs on").isFalse();
        if (failure != null) {
            throw new AssertionError("the broker failed", failure);
        }
    }
}
