package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Links that the kernel forwards, from the command line to the wire. */
@Tag("kernel")
final class OffloadKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Lab lab;
    private Topology net;
    private SluiceStack stack;
    private RunningProcess worker;

    @BeforeEach
    void forward() {
        lab = Lab.open();
        net = Topology.make(lab);
        net.withoutOffloads();
        lab.features(net.v0(), "gro", "on"); // without it a veth takes no redirected frame
        lab.features(net.v3(), "gro", "on");
        stack = SluiceStack.start(net, Install.find(), policy());
        worker = stack.startWorker();
        stack.addPort("left", Kind.XDP);
        stack.addPort("right", Kind.XDP);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private static String policy() {
        return SluiceStack.policy(Kind.XDP, "auto").replace("kind: xdp,", "kind: xdp, offload: true,");
    }

    @Test
    void packetsCrossWhileTheWorkerIsStoppedAndAreCounted() {
        assertThat(stack.tenant("link", "add", "left", "right", "--offload")
                        .orThrow()
                        .output())
                .isEqualTo("left-right connects left and right in the kernel");
        assertThat(links()).contains("OFFLOAD").contains(" on");
        whileStopped(() -> assertThat(pings()).as("without the worker").isTrue());
        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.value("left", "offload_rx_packets")).isGreaterThanOrEqualTo(2);
        assertThat(counters.value("left", "offload_rx_packets"))
                .isEqualTo(counters.value("right", "offload_tx_packets"));
        assertThat(counters.value("right", "offload_rx_packets"))
                .isEqualTo(counters.value("left", "offload_tx_packets"));
        assertThat(counters.value("left", "rx_packets")).as("to the worker").isZero();
        assertThat(audit()).contains("\"event\":\"offload\"").contains("on, with lease 2");

        assertThat(stack.tenant("link", "set", "left-right", "--offload", "off")
                        .orThrow()
                        .output())
                .isEqualTo("left-right connects left and right");
        double before = stack.counter("left", "offload_rx_packets");
        whileStopped(() -> assertThat(pings()).as("without the worker").isFalse());
        until(this::pings);
        assertThat(stack.counter("left", "rx_packets")).as("to the worker").isPositive();
        assertThat(stack.counter("left", "offload_rx_packets")).isEqualTo(before);
        assertThat(audit()).contains("off, with lease 2");
    }

    @Test
    void aLinkComesBackOffloadedAfterTheBrokerAndStaysHereAfterARevocation() {
        stack.tenant("link", "add", "left", "right", "--offload").orThrow();
        stack.broker().kill();
        until(() -> links().contains("no: port left is down"));
        assertThat(pings()).as("without a broker").isFalse();
        stack.startBroker();
        until(() -> links().contains(" on"));
        untilItCrossesWhileStopped();

        stack.operator("lease", "revoke", "1").orThrow();
        until(() -> links().contains("no: port left is down"));
        assertThat(pings()).isFalse();
    }

    @Test
    void aLinkIsOffloadedAgainByWhoSucceedsAWorkerThatWasKilled() {
        worker.close();
        String state = stack.stateDirectory().toString();
        worker = stack.startWorker("--state", state);
        stack.addPort("left", Kind.XDP);
        stack.addPort("right", Kind.XDP);
        stack.tenant("link", "add", "left", "right").orThrow();
        stack.tenant("link", "set", "left-right", "--offload", "on").orThrow();
        worker.kill();
        assertThat(pings()).as("without a worker").isFalse();
        worker = stack.startWorker("--state", state);
        assertThat(links()).contains(" on");
        untilItCrossesWhileStopped();
        assertThat(audit()).contains("\"adopted\"");
    }

    @Test
    void aPolicyThatDoesNotAllowItIsSaidAndTheLinkIsNotMade() throws Exception {
        stack.tenant("port", "rm", "right").orThrow();
        Files.writeString(stack.policyFile(), policy().replaceAll("(right:.*)offload: true,", "$1"));
        stack.operator("policy", "reload").orThrow();
        stack.addPort("right", Kind.XDP);
        Finished refused = stack.tenant("link", "add", "left", "right", "--offload");
        assertThat(refused.errors())
                .contains("grant right does not allow offload")
                .contains("have the operator put `offload: true` into the grant and reload the policy");
        assertThat(stack.tenant("link", "ls").orThrow().output()).isEqualTo("no links");
        stack.tenant("link", "add", "left", "right").orThrow();
        assertThat(stack.tenant("link", "set", "left-right", "--offload", "on").errors())
                .contains("grant right does not allow offload");
        assertThat(pings()).isTrue();
    }

    /** Again and again: what came to the sockets just before is forwarded by the worker, when it goes on. */
    private void untilItCrossesWhileStopped() {
        until(() -> {
            signal("-STOP");
            try {
                return pings();
            } finally {
                signal("-CONT");
            }
        });
    }

    private void whileStopped(Runnable body) {
        signal("-STOP");
        try {
            body.run();
        } finally {
            signal("-CONT");
        }
    }

    private void signal(String signal) {
        RunningProcess.run(Command.of("kill", signal, Long.toString(worker.pid())), LIMIT)
                .orThrow();
    }

    private boolean pings() {
        return RunningProcess.run(
                        Command.of("ping", "-c", "2", "-W", "1", "-i", "0.2", Topology.ADDRESS_B)
                                .in(net.a()),
                        LIMIT)
                .succeeded();
    }

    private String links() {
        return stack.tenant("link", "ls").orThrow().output();
    }

    private String audit() {
        try {
            return Files.readString(stack.audit());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            LockSupport.parkNanos(50_000_000);
        }
    }
}
