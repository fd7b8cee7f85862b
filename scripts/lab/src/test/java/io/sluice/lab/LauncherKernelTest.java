package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the launcher takes away from root before it runs the broker, tried with a program that shows what is left. */
@Tag("kernel")
final class LauncherKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String FOUR = "0000008000007000";
    private static final String WITH_SYS_ADMIN = "0000008000207000";
    private static final String NONE = "0000000000000000";

    @Test
    void rootKeepsTheCapabilitiesOfTheBroker() {
        assertThat(statusAfter(List.of("broker", "--socket", "x")))
                .containsPattern("CapEff:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapPrm:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapInh:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapBnd:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapAmb:\\s+" + NONE)
                .containsPattern("NoNewPrivs:\\s+1");
    }

    @Test
    void withoutJailsThereIsNoSysAdmin() {
        assertThat(statusAfter(List.of("broker", "--no-jails", "--socket", "x")))
                .containsPattern("CapEff:\\s+" + FOUR)
                .containsPattern("CapBnd:\\s+" + FOUR);
    }

    @Test
    void anotherUserKeepsThemToo() {
        String status = statusAfter(List.of("broker", "--user", "nobody", "--socket", "x"));

        assertThat(status)
                .containsPattern("CapEff:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapBnd:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("CapAmb:\\s+" + WITH_SYS_ADMIN)
                .containsPattern("NoNewPrivs:\\s+1")
                .doesNotContainPattern("Uid:\\s+0");
    }

    @Test
    void theBrokerNeverSeesTheOptionsThatAreTheLaunchers() {
        assertThat(dryRun(List.of("broker", "--user=nobody", "--no-jails", "--socket", "x")))
                .endsWith("io.sluice.broker.BrokerMain", "--socket", "x");
    }

    /** Runs what the launcher runs up to the JVM, and a cat in its place. */
    private static String statusAfter(List<String> words) {
        List<String> command = dryRun(words);
        int java = 0;
        while (!command.get(java).endsWith("/java")) {
            java++;
        }
        List<String> privileges = new ArrayList<>(command.subList(0, java));
        privileges.addAll(List.of("cat", "/proc/self/status"));
        return RunningProcess.run(Command.of(privileges), LIMIT).orThrow().output();
    }

    private static List<String> dryRun(List<String> words) {
        return RunningProcess.run(
                        Install.find().sluice(words.toArray(String[]::new)).with("SLUICE_DRY_RUN", "1"), LIMIT)
                .orThrow()
                .output()
                .lines()
                .toList();
    }
}
