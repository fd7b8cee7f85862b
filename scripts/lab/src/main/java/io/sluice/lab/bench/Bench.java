package io.sluice.lab.bench;

import io.sluice.lab.Iperf;
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
        try {
            if (args.length > 0 && args[0].equals("tunnels")) {
                tunnels(List.of(args).subList(1, args.length));
                return;
            }
            Options options = Options.parse(args);
            try (Lab lab = Lab.open()) {
                Report report = new Bench(options, new Rig(lab, options)).measure();
                if (options.plot().isPresent()) {
                    Files.writeString(options.plot().get(), SvgPlot.draw(report));
                }
                System.out.print(options.json() ? report.json() + "\n" : report.table());
            }
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

    private Report measure() {
        List<Contender> contenders = contenders();
        List<Series> all = contenders.stream().map(c -> new Series(c.name())).toList();
        // In turn, so that a change of the machine's mood meets all of them.
        for (int run = 1; run <= options.runs(); run++) {
            for (int i = 0; i < contenders.size(); i++) {
                progress("run " + run + " of " + options.runs() + ": "
                        + all.get(i).name());
                run(contenders.get(i), all.get(i));
            }
        }
        Optional<Series> ours = all.stream().filter(s -> s.name().equals(OURS)).findFirst();
        return new Report(
                options, ours, all.stream().filter(s -> !s.name().equals(OURS)).toList());
    }

    private List<Contender> contenders() {
        List<Contender> all = new ArrayList<>(
                switch (options.work()) {
                    case TCP -> List.of(new Sluice(), new KernelBridge(), new Mmsg());
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
        all.removeIf(this::isMissing);
        if (all.isEmpty()) {
            throw new LabException("there is nothing left to measure");
        }
        return all;
    }

    private boolean isMissing(Contender contender) {
        Optional<String> why = contender.missing(rig);
        why.ifPresent(reason -> progress("left out: " + contender.name() + ": " + reason));
        return why.isPresent();
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
                    progress(String.format(Locale.ROOT, "  of %.2f Mpps offered", Rig.offered(load)));
                }
            }
        }
        progress(String.format(
                Locale.ROOT, "  %.2f %s", series.last(), options.work().unit()));
    }

    private void count(Contender.Running running, Series series) {
        pause(Duration.ofSeconds(options.warmup()));
        Usage usage = Usage.of(running.process());
        Sample first = sample(running);
        pause(Duration.ofSeconds(options.seconds()));
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
        progress(String.format(Locale.ROOT, "  %.2f there, %.2f back", there, back));
        series.add((there + back) / 2, usage.cpus());
    }

    /** The measured time itself: nothing is awaited but the clock. */
    private static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while measuring", e);
        }
    }

    private static void progress(String line) {
        System.err.println("bench: " + line);
    }
}
