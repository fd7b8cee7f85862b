package io.sluice.lab.bench;

import io.sluice.lab.Counters;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.time.Duration;
import java.util.Locale;

/**
 * Tells, when the kernel had frames for an xdp port and found no room in its rings, which is when their worker
 * was not there, and what the host of a virtual machine had taken away just then.
 */
final class Stalls {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final RunningProcess counters;
    private final String port;
    private double dropped;
    private double stolen = StolenTime.millis();
    private final long begin = System.nanoTime();

    private Stalls(RunningProcess counters, String port) {
        this.counters = counters;
        this.port = port;
        this.dropped = dropped();
    }

    /** Begins, with {@code port} of the worker of {@code stack}; ends with {@code lab}. */
    static Stalls watch(Lab lab, SluiceStack stack, String port) {
        RunningProcess counters = lab.start(stack.tenantCommand("stats", "--json", "--watch=" + LOOK.toSeconds()));
        counters.awaitLine("{", LIMIT);
        return new Stalls(counters, port);
    }

    /** Waits for {@code time}, and looks every second. */
    void pause(Duration time) {
        for (Duration left = time; !left.isZero(); ) {
            Duration part = left.compareTo(LOOK) > 0 ? LOOK : left;
            Turns.pause(part);
            look();
            left = left.minus(part);
        }
    }

    private void look() {
        double now = dropped();
        double nowStolen = StolenTime.millis();
        if (now > dropped) {
            Turns.progress(String.format(
                    Locale.ROOT,
                    "  after %d s: no room for %.0f frames; the host took %.0f ms of CPU time in that second",
                    (System.nanoTime() - begin) / 1_000_000_000,
                    now - dropped,
                    nowStolen - stolen));
        }
        dropped = now;
        stolen = nowStolen;
    }

    /** Frames that the kernel has had no room for so far: in the receive ring, or in the fill ring. */
    private double dropped() {
        Counters last =
                Counters.of(counters.lastLine(line -> line.startsWith("{")).orElseThrow());
        return last.value(port, "kernel_rx_dropped") + last.value(port, "kernel_rx_ring_full");
    }
}
