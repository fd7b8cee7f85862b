package io.sluice.lab.bench.result;

import static io.sluice.lab.bench.result.Check.Bound.AT_LEAST;
import static io.sluice.lab.bench.result.Check.Bound.AT_MOST;
import static io.sluice.lab.bench.result.Check.figure;
import static io.sluice.lab.bench.result.Check.ratio;

import java.util.List;

/** What the suite has to show. Ratios are of medians of the same run; the peers are named as {@code scripts/bench} does. */
public final class Checks {
    private static final String OURS = "sluice";
    private static final String XDP = "testpmd-af_xdp";
    private static final String PACKET = "testpmd-af_packet";

    /** All, in the order of the table. */
    public static final List<Check> ALL = List.of(
            ratio("rx, af_xdp, 64 B, against testpmd", "rx.xdp.64", OURS, XDP, AT_LEAST, 1.8),
            ratio("tx, af_xdp, 64 B, against testpmd", "tx.xdp.64", OURS, XDP, AT_LEAST, 1.0),
            ratio("l2fwd no-drop, af_xdp, 64 B, against testpmd", "nodrop.xdp.64", OURS, XDP, AT_LEAST, 1.0),
            ratio("l2fwd flooded, af_xdp, 64 B, against testpmd", "l2fwd.xdp.64", OURS, XDP, AT_LEAST, 1.7),
            ratio("l2fwd flooded, af_packet, 64 B, against testpmd", "l2fwd.packet.64", OURS, PACKET, AT_LEAST, 1.0),
            ratio("offloaded link, against a bare XDP redirect", "offload.64", OURS, "xdp-redirect", AT_LEAST, 0.8),
            ratio("tcp, superframes, against the kernel's bridge", "tcp.packet", OURS, "kernel-bridge", AT_LEAST, 0.75),
            ratio("tcp, MTU 1500, no offloads, against testpmd", "tcp.xdp", OURS, XDP, AT_LEAST, 1.1),
            ratio("request/response p50, against testpmd spinning", "rr.xdp.p50", OURS, XDP, AT_MOST, 1.1),
            ratio("request/response p99, against testpmd spinning", "rr.xdp.p99", OURS, XDP, AT_MOST, 1.5),
            figure("CPU when idle, ms a second", "idle.cpu", OURS, AT_MOST, 2),
            figure("CPU when idle, 1,000 ports, ms a second", "idle.cpu", "sluice, 1,000 ports", AT_MOST, 2),
            ratio("a busy port beside 1,024 idle, against alone", "ports.xdp", "1,024 idle", "alone", AT_LEAST, 0.95),
            figure("resident without the frame pool, MB", "ports.rss", OURS, AT_MOST, 150),
            figure("the same with 1,026 ports, MB", "ports.rss", "sluice, 1,026 ports", AT_MOST, 150),
            figure("kill -9 under load to forwarding, s", "restart.gap", OURS, AT_MOST, 1.5),
            figure("frames reordered by a restart", "restart.reordered", OURS, AT_MOST, 0),
            figure("frames corrupted by a restart", "restart.corrupted", OURS, AT_MOST, 0),
            figure("frames lost at 90 % of the no-drop rate, per million", "endurance.lost", OURS, AT_MOST, 0),
            figure("growth of private memory meanwhile, MB", "endurance.growth", OURS, AT_MOST, 2),
            figure("longest GC pause meanwhile, ms", "endurance.pause", OURS, AT_MOST, 5));

    private Checks() {}
}
