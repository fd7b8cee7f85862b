package io.sluice.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Counters;
import io.sluice.lab.Iperf;
import io.sluice.lab.Topology;
import java.util.Locale;

/** What two plain hosts say to each other over a {@link Ferry}. */
final class Exchange {
    /** The largest ping without fragments: the MTU without the headers of IP and ICMP. */
    private static final int LARGEST = Ferry.MTU - 28;

    private Exchange() {}

    /** Pings both ways, small and as large as fits; nothing may be lost once the first has come through. */
    static String pings(Ferry ferry) {
        Pings.untilThere(ferry.net().a(), Topology.ADDRESS_B, () -> ferry.sluice("stats"));
        for (int size : new int[] {56, LARGEST}) {
            Pings.lossless(ferry.net().a(), Topology.ADDRESS_B, size);
            Pings.lossless(ferry.net().b(), Topology.ADDRESS_A, size);
        }
        return "ping both ways";
    }

    /** TCP both ways, a second each. */
    static String tcp(Ferry ferry) {
        double there = Iperf.gigabitsAtOnce(ferry.net(), Iperf.Direction.THERE);
        double back = Iperf.gigabitsAtOnce(ferry.net(), Iperf.Direction.BACK);
        assertThat(there).as("TCP towards the peer").isPositive();
        assertThat(back).as("TCP from the peer").isPositive();
        Counters counters = ferry.counters();
        assertThat(counters.unaccounted()).as("packets unaccounted for").isZero();
        return String.format(Locale.ROOT, "TCP %.2f Gbit/s there, %.2f back", there, back);
    }
}
