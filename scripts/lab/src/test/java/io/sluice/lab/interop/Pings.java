package io.sluice.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Pings that may take their time, but of which none may be lost. */
public final class Pings {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** How much later than the last ping its answer may come. */
    private static final Duration LATE = Duration.ofSeconds(5);

    private static final int COUNT = 3;

    private Pings() {}

    /**
     * Waits for the first answer: a peer may have to start, or to find its neighbours.
     *
     * @param otherwise for the message if there is none
     */
    public static void untilThere(Namespace from, String to, Supplier<String> otherwise) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!ping(from, "-c", "1", "-W", "0.2", to).succeeded()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("nothing comes back from " + to + "\n" + otherwise.get());
            }
        }
        // Answers to those that we have not waited for are not counted below.
        ping(from, "-c", "1", "-W", "1", to);
    }

    /**
     * Pings of so many bytes, without fragments, that are all answered. ping(8) gives up after twice the longest round trip,
     * or 20 ms, after the last: what a loaded machine answers later is counted by the kernel.
     */
    public static void lossless(Namespace from, String to, int size) {
        long before = answers(from);
        Finished pings =
                ping(from, "-c", Integer.toString(COUNT), "-i", "0.01", "-M", "do", "-s", Integer.toString(size), to);
        assertThat(pings.output()).contains(COUNT + " packets transmitted");
        long deadline = System.nanoTime() + LATE.toNanos();
        long answered = answers(from) - before;
        while (answered < COUNT && System.nanoTime() < deadline) {
            answered = answers(from) - before;
        }
        assertThat(answered).as("answers to pings of %d bytes to %s", size, to).isEqualTo(COUNT);
    }

    /** IcmpInEchoReps of /proc/net/snmp: two lines, of names and of values. */
    private static long answers(Namespace namespace) {
        String[][] lines = RunningProcess.run(
                        Command.of("grep", "^Icmp:", "/proc/net/snmp").in(namespace), LIMIT)
                .orThrow()
                .output()
                .lines()
                .map(line -> line.split(" ", -1))
                .toArray(String[][]::new);
        return Long.parseLong(lines[1][Arrays.asList(lines[0]).indexOf("InEchoReps")]);
    }

    private static Finished ping(Namespace from, String... words) {
        String[] all = Stream.concat(Stream.of("ping"), Stream.of(words)).toArray(String[]::new);
        return RunningProcess.run(Command.of(all).in(from), LIMIT);
    }
}
