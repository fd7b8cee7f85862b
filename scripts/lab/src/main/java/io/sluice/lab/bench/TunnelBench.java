package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Install;
import io.sluice.lab.Iperf;
import io.sluice.lab.Json;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * {@code scripts/bench tunnels}: each transport under frames and under TCP, beside the same path in Open vSwitch and, where
 * there is a device for it, in the kernel.
 *
 * <p>Where the kernel has a device it is the far end of all contenders; else both ends are of one kind. Contenders take
 * turns in each run, so that a change of the machine's mood meets all of them.
 */
final class TunnelBench {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Frames go to a MAC address that nobody has: the far host drops them first thing, once its device has counted them. */
    private static final String NOBODY = "02:00:00:00:0b:02";

    private static final int FRAME = 64;

    private final TunnelOptions options;
    private final TunnelNet net;
    private final Programs programs;
    private final List<TunnelContender> contenders;

    private TunnelBench(TunnelOptions options, Lab lab) {
        this.options = options;
        this.programs = Programs.compile(Install.find());
        this.net = new TunnelNet(lab);
        this.contenders = List.of(new TunnelSluice(net, options.kind()), new TunnelVswitch(net), new TunnelKernel(net));
    }

    /** Runs it with the words after {@code tunnels}; returns whether every goal has been reached. */
    static boolean run(List<String> args) throws IOException {
        TunnelOptions options = TunnelOptions.parse(args);
        try (Lab lab = Lab.open()) {
            TunnelReport report = new TunnelBench(options, lab).measure();
            if (options.out().isPresent()) {
                Files.writeString(options.out().get(), report.json() + "\n");
            }
            System.out.print(options.json() ? report.json() + "\n" : report.table());
            return report.ok();
        }
    }

    private TunnelReport measure() {
        TunnelReport report = new TunnelReport(options);
        for (TunnelRow row : options.rows()) {
            for (TunnelOptions.Load load : options.loads()) {
                report.add(measure(row, load));
            }
        }
        return report;
    }

    private TunnelReport.Line measure(TunnelRow row, TunnelOptions.Load load) {
        List<TunnelContender> able = contenders.stream()
                .filter(contender ->
                        options.wants(contender) && contender.missing(row).isEmpty())
                .toList();
        List<Series> all = able.stream().map(c -> new Series(c.name())).toList();
        for (int run = 1; run <= options.runs(); run++) {
            for (int i = 0; i < able.size(); i++) {
                try (TunnelContender.Running running = able.get(i).start(row)) {
                    untilReached(row);
                    measure(row, load, running, all.get(i));
                }
                progress(String.format(
                        Locale.ROOT,
                        "%s, %s, run %d of %d: %s %.2f %s",
                        row.name(),
                        load.word(),
                        run,
                        options.runs(),
                        all.get(i).name(),
                        all.get(i).last(),
                        load.unit()));
            }
        }
        return new TunnelReport.Line(row, load, all);
    }

    private void measure(TunnelRow row, TunnelOptions.Load load, TunnelContender.Running running, Series series) {
        switch (load) {
            case FRAMES -> frames(row, running, series);
            case TCP -> tcp(row, running, series);
        }
    }

    /** Waits until B answers A: neighbours have to be found first, and a vswitch's flows. */
    private void untilReached(TunnelRow row) {
        Topology hosts = net.hosts(row.kernel().isPresent());
        Command ping =
                Command.of("ping", "-c", "1", "-W", "1", Topology.ADDRESS_B).in(hosts.a());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!RunningProcess.run(ping, LIMIT).succeeded()) {
            if (System.nanoTime() > deadline) {
                throw new LabException("nothing comes back through the tunnel of row " + row.name());
            }
        }
    }

    private void frames(TunnelRow row, TunnelContender.Running running, Series series) {
        net.takeFlood();
        running.pin(Rig.WORK_CPU, Rig.WORK_CPU);
        Topology hosts = net.hosts(row.kernel().isPresent());
        RunningProcess load = net.lab()
                .start(programs.command("loadgen", "v0", "" + FRAME, "" + options.rate(), NOBODY)
                        .in(hosts.a())
                        .on(Rig.LOAD_CPU));
        try (load) {
            load.awaitLine("sending", LIMIT);
            pause(options.warmup());
            Usage usage = Usage.of(running.process());
            Namespace.Device device = hosts.b().device(row.kernel().isPresent() ? "peer" : "v0");
            Sample first = arrived(device);
            pause(options.seconds());
            Sample last = arrived(device);
            series.add(first.millionsUntil(last) * 1e3, usage.cpus());
        }
    }

    private Sample arrived(Namespace.Device device) {
        Command link = Command.of("ip", "-s", "-j", "link", "show", "dev", device.name())
                .in(device.namespace());
        return Sample.now(Json.number(Json.parse(net.lab().run(link).output()), 0, "stats64", "rx", "packets"));
    }

    private void tcp(TunnelRow row, TunnelContender.Running running, Series series) {
        Topology hosts = net.hosts(row.kernel().isPresent());
        if (options.warmup() > 0) {
            Iperf.gigabits(hosts, Iperf.Direction.THERE, options.warmup());
        }
        Usage usage = Usage.of(running.process());
        double there = Iperf.gigabits(hosts, Iperf.Direction.THERE, options.seconds());
        double back = Iperf.gigabits(hosts, Iperf.Direction.BACK, options.seconds());
        progress(String.format(Locale.ROOT, "  %.2f there, %.2f back", there, back));
        series.add((there + back) / 2, usage.cpus());
    }

    /** The measured time itself: nothing is awaited but the clock. */
    private static void pause(int seconds) {
        try {
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while measuring", e);
        }
    }

    private static void progress(String line) {
        System.err.println("bench: " + line);
    }
}
