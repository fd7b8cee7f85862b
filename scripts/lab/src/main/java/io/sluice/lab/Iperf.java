package io.sluice.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs iperf3 between the two hosts of a {@link Topology}. */
public final class Iperf {
    private static final Duration START = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(20);

    /** For 64 MiB at a tenth of what the slowest peer does. */
    private static final Duration AT_ONCE = Duration.ofSeconds(20);

    /** Which way the bytes go. */
    public enum Direction {
        /** From A to B. */
        THERE,
        /** From B to A. */
        BACK
    }

    private Iperf() {}

    /**
     * One TCP stream for {@code seconds}; returns what arrived, in Gbit/s. The first second is not counted, as TCP finds
     * its rate in it.
     */
    public static double gigabits(Topology net, Direction direction, int seconds) {
        String time = Integer.toString(seconds);
        return gigabits(net, direction, Duration.ofSeconds(seconds + 1), "-t", time, "-O", "1");
    }

    /** The same for 64 MiB from the beginning: to see that bytes arrive, not how fast. */
    public static double gigabitsAtOnce(Topology net, Direction direction) {
        return gigabits(net, direction, AT_ONCE, "-n", "64M");
    }

    private static double gigabits(Topology net, Direction direction, Duration expected, String... amount) {
        try (RunningProcess server = RunningProcess.start(
                Command.of("iperf3", "-s", "-1", "--forceflush").in(net.b()))) {
            server.awaitLine("Server listening", START);
            Command client = Command.of(words(direction, amount)).in(net.a());
            Finished finished = RunningProcess.run(client, GRACE.plus(expected));
            Object result = Json.parse(finished.output());
            Json.at(result, "error").ifPresent(error -> {
                throw new LabException("iperf3: " + error);
            });
            finished.orThrow();
            return Json.number(result, "end", "sum_received", "bits_per_second") / 1e9;
        }
    }

    private static List<String> words(Direction direction, String... amount) {
        List<String> words = new ArrayList<>(List.of("iperf3", "-c", Topology.ADDRESS_B, "-J"));
        words.addAll(List.of(amount));
        if (direction == Direction.BACK) {
            words.add("-R");
        }
        return words;
    }
}
