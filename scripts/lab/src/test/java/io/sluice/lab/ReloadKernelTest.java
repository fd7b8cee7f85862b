package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reloading by a signal, with the policy compiler that the launcher starts beside the broker. */
@Tag("kernel")
final class ReloadKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String POLICY = "version: 1\ntenants: { t: { identity: { uid: 1 }, grants: {} } }\n";

    private final Lab lab = Lab.open();
    private Path policy;
    private RunningProcess broker;

    @BeforeEach
    void startBroker() throws IOException {
        Path directory = lab.directory("reload");
        policy = Files.writeString(directory.resolve("policy.yaml"), POLICY);
        Command command = Install.find()
                .mustBeBuilt()
                .sluice(
                        "broker",
                        "--policy",
                        policy.toString(),
                        "--socket",
                        directory.resolve("broker.sock").toString(),
                        "--admin-socket",
                        directory.resolve("admin.sock").toString());
        // A small young generation: each of some reloads sees the collector first.
        broker = lab.start(command.in(lab.namespace("broker")).with("SLUICE_JAVA_OPTS", "-Xmn1m"));
        broker.awaitLine("sluice-broker ready", LIMIT);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    @Test
    void everySignalReloadsAndABrokenFileChangesNothing() throws Exception {
        for (int i = 1; i <= 20; i++) {
            hangUp();
            int loaded = i;
            await(() -> audited("policy_loaded") == loaded);
        }
        Files.writeString(policy, "version: 2\n");
        hangUp();
        await(() -> audited("policy_refused") == 1);
        broker.awaitError("version is \"2\"; expected 1", LIMIT);
        Files.writeString(policy, POLICY);
        hangUp();
        await(() -> audited("policy_loaded") == 21);
    }

    @Test
    void withoutItsCompilerTheBrokerGoesOnAndSaysSo() throws Exception {
        long compiler = compiler();
        RunningProcess.run(Command.of("kill", "-KILL", Long.toString(compiler)), LIMIT)
                .orThrow();
        broker.awaitError("the policy compiler has ended", LIMIT);
        hangUp();
        broker.awaitError("policy not reloaded", LIMIT);
        assertThat(broker.isAlive()).isTrue();
    }

    @Test
    void theCompilerHasNoCapabilityAndEndsWithTheBroker() throws Exception {
        long compiler = compiler();
        String status = Files.readString(Path.of("/proc/" + compiler + "/status"));
        assertThat(status)
                .containsPattern("CapEff:\\s+0000000000000000")
                .containsPattern("CapPrm:\\s+0000000000000000")
                .containsPattern("CapBnd:\\s+0000000000000000")
                .containsPattern("NoNewPrivs:\\s+1")
                .containsPattern("Seccomp:\\s+2");
        broker.kill();
        await(() -> isGone(compiler));
    }

    private long compiler() throws IOException {
        String children = Files.readString(Path.of("/proc/" + broker.pid() + "/task/" + broker.pid() + "/children"));
        List<String> pids = List.of(children.strip().split(" "));
        assertThat(pids).hasSize(1);
        return Long.parseLong(pids.get(0));
    }

    /** Gone, or a zombie that nobody has waited for yet. */
    private static boolean isGone(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/status")).contains("State:\tZ");
        } catch (IOException e) {
            return true;
        }
    }

    private void hangUp() {
        RunningProcess.run(Command.of("kill", "-HUP", Long.toString(broker.pid())), LIMIT)
                .orThrow();
    }

    private long audited(String event) {
        return broker.output().lines().filter(line -> line.contains(event)).count();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }
}
