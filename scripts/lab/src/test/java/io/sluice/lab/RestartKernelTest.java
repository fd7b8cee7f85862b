package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A worker that is killed or stopped and started again with nothing but its command line. */
@Tag("kernel")
final class RestartKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Pattern LEASE = Pattern.compile("\"lease\":(\\d+)");

    private Lab lab;
    private Topology net;
    private SluiceStack stack;

    @BeforeEach
    void openLab() {
        lab = Lab.open();
        net = Topology.make(lab);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private RunningProcess forwarding(Kind kind, String... options) {
        return forwarding(kind, policy -> policy, options);
    }

    private RunningProcess forwarding(Kind kind, UnaryOperator<String> changes, String... options) {
        if (kind == Kind.XDP) {
            net.withoutOffloads();
        }
        stack = SluiceStack.start(net, Install.find(), changes.apply(SluiceStack.policy(kind, "auto")));
        RunningProcess worker = start(options);
        stack.connect(kind);
        assertThat(pings()).isTrue();
        return worker;
    }

    private RunningProcess start(String... options) {
        List<String> all =
                new ArrayList<>(List.of("--state", stack.stateDirectory().toString()));
        all.addAll(List.of(options));
        return stack.startWorker(all.toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aKilledWorkerGoesOnWithTheLeasesThatItHad(Kind kind) {
        RunningProcess worker = forwarding(kind);
        List<String> leases = leases();
        assertThat(leases).hasSize(2).doesNotContain("0");
        for (int death = 0; death < 3; death++) {
            worker.kill();
            worker = start();
            assertThat(leases()).isEqualTo(leases);
            assertThat(pings()).isTrue();
        }
        assertThat(audit()).contains("\"orphaned\"").contains("\"adopted\"").doesNotContain("\"event\":\"end\"");
        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.unaccounted()).isZero();
    }

    @Test
    void aSealedWorkerDoesSoToo() {
        RunningProcess worker = forwarding(Kind.XDP, "--sealed");
        List<String> leases = leases();
        worker.kill();
        start("--sealed");
        assertThat(leases()).isEqualTo(leases);
        assertThat(pings()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aWorkerThatIsStoppedLeavesItsLeasesToItsSuccessorAndNotAPacketIsLost(Kind kind) {
        RunningProcess worker = forwarding(kind);
        List<String> leases = leases();
        try (RunningProcess pings =
                lab.start(Command.of("ping", "-q", "-i", "0.004", "-c", "1000", "-W", "10", Topology.ADDRESS_B)
                        .in(net.a()))) {
            for (int stop = 0; stop < 2; stop++) {
                worker.close();
                worker = start();
            }
            assertThat(pings.awaitLine("1000 packets transmitted", LIMIT))
                    .contains(" 1000 received")
                    .doesNotContain("duplicates");
        }
        assertThat(leases()).isEqualTo(leases);
        assertThat(audit()).contains("\"orphaned\"").contains("\"adopted\"").doesNotContain("\"event\":\"end\"");
    }

    @Test
    void withoutAGraceTimeAWorkerThatIsStoppedLeavesOnlyItsState() {
        RunningProcess worker = forwarding(Kind.XDP, policy -> policy.replace("grace: 10s", "grace: 0s"));
        List<String> leases = leases();
        worker.close();
        until(() -> audit().contains("\"event\":\"end\""));
        assertThat(audit()).doesNotContain("\"orphaned\"");
        start();
        assertThat(leases()).hasSize(2).doesNotContainAnyElementsOf(leases).doesNotContain("0");
        assertThat(pings()).isTrue();
    }

    @Test
    void otherFrameOptionsMakeANewPoolAndNewLeases() {
        RunningProcess worker = forwarding(Kind.XDP);
        List<String> leases = leases();
        worker.kill();
        RunningProcess other = start("--frames", "8192");
        assertThat(leases()).hasSize(2).doesNotContainAnyElementsOf(leases).doesNotContain("0");
        assertThat(pings()).isTrue();
        assertThat(other.isAlive()).isTrue();
    }

    @Test
    void aBrokerThatWasStartedAgainMeanwhileHasNothingLeftAndEverythingIsAcquiredAnew() {
        RunningProcess worker = forwarding(Kind.XDP);
        worker.kill();
        stack.broker().close();
        stack.startBroker();
        start();
        assertThat(leases()).hasSize(2).doesNotContain("0");
        assertThat(pings()).isTrue();
    }

    private List<String> leases() {
        String ports = stack.tenant("port", "ls", "--json").orThrow().output();
        Matcher matcher = LEASE.matcher(ports);
        return matcher.results().map(found -> found.group(1)).toList();
    }

    private boolean pings() {
        until(() -> RunningProcess.run(
                        Command.of("ping", "-c", "2", "-i", "0.2", "-W", "1", Topology.ADDRESS_B)
                                .in(net.a()),
                        LIMIT)
                .succeeded());
        return true;
    }

    private String audit() {
        try {
            return Files.readString(stack.audit());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("in time").isNegative();
        }
    }
}
