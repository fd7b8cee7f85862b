package io.sluice.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs iperf3 between the two hosts of a {@link Topology}. */
public final class Iperf {
    private static final Duration START = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(20);

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
        return gigabits(net, direction, seconds, 1);
    }

    /** The same for a second with its beginning: to see that bytes arrive, not how fast. */
    public static double gigabitsAtOnce(Topology net, Direction direction) {
        return gigabits(net, direction, 1, 0);
    }

    private static double gigabits(Topology net, Direction direction, int seconds, int omitted) {
        try (RunningProcess server = RunningProcess.start(
                Command.of("iperf3", "-s", "-1", "--forceflush").in(net.b()))) {
            server.awaitLine("Server listening", START);
            Command client = Command.of(words(direction, seconds, omitted)).in(net.a());
            Finished finished = RunningProcess.run(client, GRACE.plusSeconds(seconds));
            Object result = Json.parse(finished.output());
            Json.at(result, "error").ifPresent(error -> {
                throw new LabException("iperf3: " + error);
            });
            finished.orThrow();
            return Json.number(result, "end", "sum_received", "bits_per_second") / 1e9;
        }
    }

    private static List<String> words(Direction direction, int seconds, int omitted) {
        List<String> words =
                new ArrayList<>(List.of("iperf3", "-c", Topology.ADDRESS_B, "-t", Integer.toString(seconds), "-J"));
        if (omitted > 0) {
            words.addAll(List.of("-O", Integer.toString(omitted)));
        }
        if (direction == Direction.BACK) {
            words.add("-R");
        }
        return words;
    }
}
