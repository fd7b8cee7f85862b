package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class CommandTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test
    void aPlainCommandCarriesOnlyTheDeathSignal() {
        assertThat(Command.of("true").argv()).containsExactly("setpriv", "--pdeathsig", "KILL", "--", "true");
    }

    @Test
    void wrappersStandInTheOrderInWhichTheyNeedTheirPrivileges() {
        Command command =
                Command.of("id").in(new Namespace("n")).as(Identity.TENANT).on("1");

        assertThat(command.argv())
                .containsSubsequence("nsenter", "--net=/run/netns/n", "taskset", "setpriv", "--reuid=61001", "id")
                .contains("--bounding-set=-all", "--no-new-privs", "--clear-groups");
    }

    @Test
    void anIdentityIsNeverRoot() {
        assertThatThrownBy(() -> new Identity(0, 61001)).hasMessageContaining("not root");
        assertThatThrownBy(() -> new Identity(61001, 0)).hasMessageContaining("not root");
    }

    @Test
    void aFailedCommandSaysWhatItSaid() {
        Finished finished = RunningProcess.run(Command.of("sh", "-c", "echo so; echo why >&2; exit 3"), LIMIT);

        assertThat(finished.exit()).isEqualTo(3);
        assertThatThrownBy(finished::orThrow)
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("why");
    }

    @Test
    void aCommandThatTakesTooLongIsEnded() {
        assertThatThrownBy(() -> RunningProcess.run(Command.of("sleep", "60"), Duration.ofMillis(50)))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("did not end");
    }

    @Test
    void aLineIsAwaitedAlsoIfItCameEarlier() {
        try (RunningProcess process = RunningProcess.start(Command.of("sh", "-c", "echo ready: 1; cat"))) {
            assertThat(process.awaitLine("ready:", LIMIT)).isEqualTo("ready: 1");
            assertThat(process.awaitLine("ready:", LIMIT)).isEqualTo("ready: 1");
        }
    }

    @Test
    void anAnswerIsOneThatCameAfterTheQuestion() {
        try (RunningProcess process = RunningProcess.start(Command.of("cat"))) {
            assertThat(process.ask("one", line -> true, LIMIT)).isEqualTo("one");
            assertThat(process.ask("two", line -> true, LIMIT)).isEqualTo("two");
        }
    }

    @Test
    void aProcessThatEndsWithoutItsLineIsReportedWithWhatItSaid() {
        try (RunningProcess process = RunningProcess.start(Command.of("sh", "-c", "echo no luck >&2"))) {
            assertThatThrownBy(() -> process.awaitLine("ready", LIMIT))
                    .hasMessageContaining("ended without")
                    .hasMessageContaining("no luck");
        }
    }

    @Test
    void anErrorThatIsNotThereYetIsAwaited() {
        try (RunningProcess process =
                RunningProcess.start(Command.of("sh", "-c", "echo up; sleep 0.3; echo a warning >&2; cat"))) {
            process.awaitLine("up", LIMIT);

            assertThat(process.awaitError("warn", LIMIT)).isEqualTo("a warning");
        }
    }

    @Test
    void whatAProcessSaysOnItsWayOutIsKept() {
        RunningProcess process = RunningProcess.start(
                Command.of("sh", "-c", "trap 'echo total 7; exit' TERM; echo up; while :; do sleep 0.1; done"));
        process.awaitLine("up", LIMIT);
        process.close();

        assertThat(process.lastLine(line -> line.startsWith("total"))).contains("total 7");
    }

    @Test
    void closingEndsAProcessThatIgnoresTheTermSignal() {
        RunningProcess process =
                RunningProcess.start(Command.of("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"));
        process.awaitLine("up", LIMIT);
        process.close();

        assertThat(process.isAlive()).isFalse();
    }
}
