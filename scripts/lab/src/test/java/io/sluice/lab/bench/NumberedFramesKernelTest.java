package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The two programs that tell lost, late and damaged frames, with nothing between them but a wire. */
@Tag("kernel")
final class NumberedFramesKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int TAKEN = 1;
    private static final int REORDERED = 3;
    private static final int CORRUPTED = 4;

    private Lab lab;
    private Topology net;
    private Programs programs;
    private RunningProcess checker;

    @BeforeEach
    void start() {
        lab = Lab.open();
        net = Topology.make(lab);
        programs = Programs.compile(Install.find());
        checker = lab.start(programs.command("checker", "v1", "64").in(net.dut()));
        checker.awaitLine("ready", LIMIT);
    }

    @AfterEach
    void end() {
        lab.close();
    }

    @Test
    void numberedFramesArriveInOrderAndWhole() {
        send("numbered");

        assertThat(seen(TAKEN)).isPositive();
        assertThat(seen(REORDERED)).isZero();
        assertThat(seen(CORRUPTED)).isZero();
    }

    @Test
    void numbersThatWereThereBeforeAreReordered() {
        send("numbered");
        double first = seen(TAKEN);
        send("numbered");

        // The second sender begins with 0 again.
        assertThat(seen(REORDERED)).isBetween(1.0, seen(TAKEN) - first);
        assertThat(seen(CORRUPTED)).isZero();
    }

    @Test
    void framesWithoutANumberAreCorrupted() {
        send();

        assertThat(seen(TAKEN)).isPositive();
        assertThat(seen(CORRUPTED)).isEqualTo(seen(TAKEN));
    }

    /** Sends until some have arrived. */
    private void send(String... more) {
        double before = seen(TAKEN);
        String[] words = new String[5 + more.length];
        System.arraycopy(new String[] {"loadgen", "v0", "64", "100000", "02:00:00:00:0b:02"}, 0, words, 0, 5);
        System.arraycopy(more, 0, words, 5, more.length);
        RunningProcess load = lab.start(programs.command(words[0], java.util.Arrays.copyOfRange(words, 1, words.length))
                .in(net.a()));
        try (load) {
            long deadline = System.nanoTime() + LIMIT.toNanos();
            while (seen(TAKEN) < before + 1000 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
        }
        assertThat(seen(TAKEN)).isGreaterThanOrEqualTo(before + 1000);
    }

    private double seen(int field) {
        return Double.parseDouble(checker.ask("", line -> true, LIMIT).split(" ", -1)[field]);
    }
}
