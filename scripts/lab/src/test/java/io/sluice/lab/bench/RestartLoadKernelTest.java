package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A worker that is killed (SIGKILL) while 100,000 frames a second go through it, and started again with its command
 * line.
 */
@Tag("kernel")
final class RestartLoadKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long RATE = 100_000;
    private static final int DEATHS = 4;

    /** Of seconds; on a machine that has nothing else to do a restart takes less than 1. */
    private static final double GAP = 5;

    private static final int TAKEN = 1;
    private static final int MISSED = 2;
    private static final int REORDERED = 3;
    private static final int CORRUPTED = 4;
    private static final int LONGEST_GAP = 5;

    private final Lab lab = Lab.open();
    private RunningProcess checker;

    @AfterEach
    void closeLab() {
        lab.close();
    }

    @ParameterizedTest
    @CsvSource({"XDP, 64, 1", "XDP, 1500, 2", "PACKET, 64, 1", "PACKET, 1500, 1"})
    void whatItsSuccessorsForwardIsInOrderWholeAndNothingTwice(Kind kind, int frame, int threads) throws Exception {
        Rig rig = new Rig(lab, Options.parse("l2fwd", "--kind", kind.word(), "--frame", Integer.toString(frame)));
        SluiceStack stack = SluiceStack.start(rig.net(), rig.install(), SluiceStack.policy(kind, "auto"));
        RunningProcess worker = start(stack, threads);
        stack.connect(kind);
        checker = lab.start(rig.programs()
                .command("checker", rig.net().v3().name(), Integer.toString(frame))
                .in(rig.net().b()));
        checker.awaitLine("ready", LIMIT);
        List<Double> gaps = new ArrayList<>();
        try (RunningProcess load = rig.startLoad(RATE, "numbered")) {
            awaitFrames(RATE / 5);
            for (int death = 0; death < DEATHS; death++) {
                worker.kill();
                worker = start(stack, threads);
                awaitFrames(RATE / 5);
                gaps.add(seen(LONGEST_GAP) / 1e9);
            }
            assertThat(load.isAlive()).isTrue();
        }
        rig.settled();
        System.out.printf(
                "%s, %d bytes, %d threads: longest gap after each death %s s, %.0f frames, %.0f missed%n",
                kind, frame, threads, gaps, seen(TAKEN), seen(MISSED));
        assertThat(seen(REORDERED)).as("reordered or twice").isZero();
        assertThat(seen(CORRUPTED)).as("corrupted").isZero();
        assertThat(gaps).allMatch(gap -> gap < GAP);
        assertThat(Files.readString(stack.audit()))
                .contains("\"orphaned\"", "\"adopted\"")
                .doesNotContain("\"event\":\"end\"");
        assertThat(stack.counter("left", "rx_packets")).isPositive();
    }

    private static RunningProcess start(SluiceStack stack, int threads) {
        return stack.startWorker("--state", stack.stateDirectory().toString(), "--threads", Integer.toString(threads));
    }

    /** Until so many more have arrived. */
    private void awaitFrames(double more) {
        double enough = seen(TAKEN) + more;
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (seen(TAKEN) < enough) {
            assertThat(System.nanoTime() - deadline)
                    .as("%.0f more in time", more)
                    .isNegative();
        }
    }

    private double seen(int field) {
        return Double.parseDouble(checker.ask("", line -> true, LIMIT).split(" ", -1)[field]);
    }
}
