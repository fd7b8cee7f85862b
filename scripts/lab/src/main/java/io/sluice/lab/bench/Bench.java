package io.sluice.lab.bench;

import io.sluice.lab.Iperf;
import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code scripts/bench}: Sluice and its peers, in turn, on the same devices. */
public final class Bench {
    private static final String OURS = "sluice";

    private final Options options;
    private final Rig rig;

    private Bench(Options options, Rig rig) {
        this.options = options;
        this.rig = rig;
    }

    /** Exit codes: 0 measured, 1 something failed, 2 the command line was wrong. */
    public static void main(String[] args) {
        if (Suite.isMeant(args)) {
            Suite.execute(args);
            return;
        }
        try {
            if (args.length > 0 && args[0].equals("tunnels")) {
                tunnels(List.of(args).subList(1, args.length));
                return;
            }
            Options options = Options.parse(args);
            Report report = measure(options);
            if (options.plot().isPresent()) {
                Files.writeString(options.plot().get(), SvgPlot.draw(report));
            }
            System.out.print(options.json() ? report.json() + "\n" : report.table());
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage() + ". See scripts/bench --help");
            System.exit(2);
        } catch (LabException | IOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void tunnels(List<String> args) throws IOException {
        if (!TunnelBench.run(args)) {
            System.exit(1);
        }
    }

    /** Measures in a test network of its own. */
    static Report measure(Options options) {
        try (Lab lab = Lab.open()) {
            return new Bench(options, new Rig(lab, options)).measure();
        }
    }

    private Report measure() {
        List<Series> all = Turns.take(options.runs(), contenders(), this::run);
        Optional<Series> ours = all.stream().filter(s -> s.name().equals(OURS)).findFirst();
        return new Report(
                options, ours, all.stream().filter(s -> !s.name().equals(OURS)).toList());
    }

    private List<Contender> contenders() {
        List<Contender> all = new ArrayList<>(
                switch (options.work()) {
                    // Only with plain frames, as those of xdp ports are, can testpmd take part.
                    case TCP ->
                        options.kind() == Kind.XDP
                                ? List.of(new Sluice(), new Testpmd(Kind.XDP), new KernelBridge(), new Mmsg())
                                : List.of(new Sluice(), new KernelBridge(), new Mmsg());
                    case JAIL -> Jailed.withAndWithoutRules();
                    case L2FWD, RX, TX -> List.of(new Sluice(), new Testpmd(options.kind()));
                });
        List<String> names = all.stream().map(Contender::name).toList();
        for (String name : options.only()) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("--only knows " + names + " here, not \"" + name + "\"");
            }
        }
        all.removeIf(c -> !options.only().isEmpty() && !options.only().contains(c.name()));
        return Turns.withoutMissing(rig, all);
    }

    private void run(Contender contender, Series series) {
        try (Contender.Running running = contender.start(rig)) {
            switch (options.work()) {
                case TCP, JAIL -> tcp(running, series);
                case TX -> count(running, series);
                case RX, L2FWD -> {
                    RunningProcess load = rig.startLoad();
                    try (load) {
                        count(running, series);
                    }
                    Turns.progress(String.format(Locale.ROOT, "  of %.2f Mpps offered", Rig.offered(load)));
                }
            }
        }
        Turns.progress(String.format(
                Locale.ROOT, "  %.2f %s", series.last(), options.work().unit()));
    }

    private void count(Contender.Running running, Series series) {
        Turns.pause(Duration.ofSeconds(options.warmup()));
        Usage usage = Usage.of(running.process());
        Sample first = sample(running);
        Turns.pause(Duration.ofSeconds(options.seconds()));
        Sample last = sample(running);
        series.add(first.millionsUntil(last), usage.cpus());
    }

    private Sample sample(Contender.Running running) {
        return options.work() == Work.RX ? running.received() : rig.arrived();
    }

    private void tcp(Contender.Running running, Series series) {
        if (options.warmup() > 0) {
            Iperf.gigabits(rig.net(), Iperf.Direction.THERE, options.warmup());
        }
        Usage usage = Usage.of(running.process());
        double there = Iperf.gigabits(rig.net(), Iperf.Direction.THERE, options.seconds());
        double back = Iperf.gigabits(rig.net(), Iperf.Direction.BACK, options.seconds());
        Turns.progress(String.format(Locale.ROOT, "  %.2f there, %.2f back", there, back));
        series.add((there + back) / 2, usage.cpus());
    }
}
