package io.sluice.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Finished;
import io.sluice.lab.Iperf;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What two plain hosts say to each other over a {@link Ferry}. */
final class Exchange {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Pattern LOSS = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");

    /** The largest ping without fragments: the MTU without the headers of IP and ICMP. */
    private static final int LARGEST = Ferry.MTU - 28;

    private Exchange() {}

    /** Pings both ways, small and as large as fits; nothing may be lost once the first has come through. */
    static String pings(Ferry ferry) {
        untilThere(ferry);
        for (int size : new int[] {56, LARGEST}) {
            lossless(ferry.net().a(), Topology.ADDRESS_B, size);
            lossless(ferry.net().b(), Topology.ADDRESS_A, size);
        }
        return "ping both ways";
    }

    /** TCP both ways, a second each. */
    static String tcp(Ferry ferry) {
        double there = Iperf.gigabits(ferry.net(), Iperf.Direction.THERE, 1);
        double back = Iperf.gigabits(ferry.net(), Iperf.Direction.BACK, 1);
        assertThat(there).as("TCP towards the peer").isPositive();
        assertThat(back).as("TCP from the peer").isPositive();
        Counters counters = ferry.counters();
        assertThat(counters.unaccounted()).as("packets unaccounted for").isZero();
        return String.format(Locale.ROOT, "TCP %.2f Gbit/s there, %.2f back", there, back);
    }

    /** The peer may have to find its neighbours first. */
    private static void untilThere(Ferry ferry) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Finished first = ping(ferry.net().a(), "-c", "1", "-W", "1", Topology.ADDRESS_B);
            if (first.succeeded()) {
                return;
            }
            assertThat(System.nanoTime() - deadline)
                    .as(() -> "nothing comes back from the peer: "
                            + first.output().strip().replaceAll("\\s+", " ") + "\n" + ferry.sluice("stats"))
                    .isNegative();
        }
    }

    private static void lossless(Namespace from, String to, int size) {
        Finished pings = ping(from, "-c", "5", "-i", "0.02", "-W", "5", "-M", "do", "-s", Integer.toString(size), to);
        Matcher loss = LOSS.matcher(pings.output());
        assertThat(loss.find()).as(pings.output() + pings.errors()).isTrue();
        assertThat(loss.group(2))
                .as("answers to pings of %d bytes to %s", size, to)
                .isEqualTo(loss.group(1));
    }

    private static Finished ping(Namespace from, String... words) {
        String[] all = new String[words.length + 1];
        all[0] = "ping";
        System.arraycopy(words, 0, all, 1, words.length);
        return RunningProcess.run(Command.of(all).in(from), LIMIT);
    }
}
