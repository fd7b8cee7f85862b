package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Install;
import io.sluice.lab.Json;
import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The network, the load and the sink that all contenders of a benchmark share.
 *
 * <p>The load runs on CPU 0; a contender's forwarding thread runs on CPU 1. Frames go to a MAC address that nobody has,
 * so the stack behind v3 drops them first thing.
 */
final class Rig {
    /** Where the load runs. */
    static final String LOAD_CPU = "0";

    /** Where the contender's forwarding thread runs. */
    static final String WORK_CPU = "1";

    private static final String NOBODY = "02:00:00:00:0b:02";
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);
    private static final int MAX_LOOKS = 100;

    private final Options options;
    private final Topology net;
    private final Install install;
    private final Programs programs;
    private final Optional<RunningProcess> xdpSink;

    /** Makes it; everything ends with {@code lab}. */
    Rig(Lab lab, Options options) {
        this.options = options;
        this.install = Install.find();
        this.programs = Programs.compile(install);
        this.net = Topology.make(lab);
        if (options.work().streams()) {
            if (options.kind() == Kind.XDP) {
                net.withoutOffloads();
            }
        } else {
            // veth takes redirected frames only if its peer has an XDP program, which not every contender brings, or
            // GRO.
            lab.features(net.v1(), "gro", "on");
        }
        boolean counted = options.work() == Work.L2FWD || options.work() == Work.TX;
        this.xdpSink = counted && options.sink() == Options.Sink.XDP ? Optional.of(startSink()) : Optional.empty();
    }

    Options options() {
        return options;
    }

    Topology net() {
        return net;
    }

    Lab lab() {
        return net.lab();
    }

    Install install() {
        return install;
    }

    Programs programs() {
        return programs;
    }

    /** Starts the flood into v0. */
    RunningProcess startLoad() {
        return startLoad(options.rate());
    }

    /**
     * Starts another load into v0.
     *
     * @param rate frames a second; 0: as many as one core can
     * @param more arguments of loadgen.c
     */
    RunningProcess startLoad(long rate, String... more) {
        List<String> words =
                new ArrayList<>(List.of(net.v0().name(), Integer.toString(options.frame()), Long.toString(rate)));
        words.add(NOBODY);
        words.addAll(List.of(more));
        RunningProcess load = lab().start(programs.command("loadgen", words.toArray(String[]::new))
                .in(net.a())
                .on(LOAD_CPU));
        load.awaitLine("sending", LIMIT);
        return load;
    }

    /** Frames that have arrived behind v3 so far. */
    Sample arrived() {
        return xdpSink.map(Rig::askSink).orElseGet(this::deviceCount);
    }

    /** Millions of frames a second that {@code load}, which has ended, offered. */
    static double offered(RunningProcess load) {
        String[] words = lastWords(load);
        return Double.parseDouble(words[1]) / Double.parseDouble(words[3]) * 1e3;
    }

    /** Frames that {@code load}, which has ended, sent. */
    static double sent(RunningProcess load) {
        return Double.parseDouble(lastWords(load)[1]);
    }

    private static String[] lastWords(RunningProcess load) {
        return load.lastLine(line -> line.startsWith("sent "))
                .orElse("sent 0 in 1 ns")
                .split(" ", -1);
    }

    /** Frames that have arrived behind v3, once no more come. */
    double settled() {
        double before = arrived().count();
        for (int looks = 0; looks < MAX_LOOKS; looks++) {
            Turns.pause(BETWEEN_LOOKS);
            double now = arrived().count();
            if (now == before) {
                return now;
            }
            before = now;
        }
        throw new LabException("frames still arrive "
                + BETWEEN_LOOKS.multipliedBy(MAX_LOOKS).toSeconds() + " s after the load has ended");
    }

    private RunningProcess startSink() {
        RunningProcess sink =
                lab().start(programs.command("sink", net.v3().name()).in(net.b()));
        sink.awaitLine("ready", LIMIT);
        return sink;
    }

    private static Sample askSink(RunningProcess sink) {
        String[] words = sink.ask("", line -> true, LIMIT).split(" ", -1);
        return new Sample(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
    }

    private Sample deviceCount() {
        Finished link = lab().run(Command.of("ip", "-s", "-j", "link", "show", "dev", "v3")
                .in(net.b()));
        return Sample.now(Json.number(Json.parse(link.output()), 0, "stats64", "rx", "packets"));
    }
}
