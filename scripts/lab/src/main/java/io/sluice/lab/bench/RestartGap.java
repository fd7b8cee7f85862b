package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Figures;
import io.sluice.lab.bench.result.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * The forwarder is killed (SIGKILL) under load and started again at once, as a service manager would, with nothing but
 * its command line: what it forwards, it has to know or to find. The frames are numbered, and the kernel looks at each
 * one that arrives ({@code checker.c}): the gap is the longest time without any.
 */
final class RestartGap {
    private static final long RATE = 200_000;
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(2);
    private static final Duration AFTERWARDS = Duration.ofSeconds(1);
    private static final long PATIENCE_NS = 60_000_000_000L;
    private static final String KIND_TITLE = ", xdp ports, 0.2 Mpps";

    private final Rig rig;
    private final Effort effort;
    private final List<List<Seen>> seen = new ArrayList<>();

    private RestartGap(Rig rig, Effort effort) {
        this.rig = rig;
        this.effort = effort;
    }

    /** What has been seen of frames: how many, and of these the ones that were not as they should be. */
    private record Seen(double taken, double missed, double reordered, double corrupted, double gapNs) {
        static Seen parse(String line) {
            String[] words = line.split(" ", -1);
            return new Seen(
                    Double.parseDouble(words[1]),
                    Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]),
                    Double.parseDouble(words[4]),
                    Double.parseDouble(words[5]));
        }
    }

    /** What is killed, and started again. */
    private interface Subject {
        String name();

        /** Starts it; it forwards when this returns, or a moment later. */
        Contender.Running start();

        /** It has been stopped, and another one is to have the devices. */
        default void ended() {}
    }

    private static final class OurSubject implements Subject {
        private final SluiceStack stack;
        private final Helm helm;
        private boolean configured;

        OurSubject(SluiceStack stack, Helm helm) {
            this.stack = stack;
            this.helm = helm;
        }

        @Override
        public String name() {
            return "sluice";
        }

        @Override
        public Contender.Running start() {
            RunningProcess worker =
                    stack.startWorker("--state", stack.stateDirectory().toString());
            if (!configured) {
                helm.reconnect();
                helm.connect(Kind.XDP);
                configured = true;
            }
            return Steps.running(worker);
        }

        /** What a worker leaves to its successor is nobody else's until the grace time is over. */
        @Override
        public void ended() {
            long deadline = System.nanoTime() + PATIENCE_NS;
            while (audited("\"event\":\"end\"") < audited("\"event\":\"grant\"")) {
                if (System.nanoTime() > deadline) {
                    throw new LabException("leases of a worker that is gone have not ended");
                }
                Turns.pause(LOOK_AGAIN);
            }
        }

        private long audited(String event) {
            try (Stream<String> lines = Files.lines(stack.audit())) {
                return lines.filter(line -> line.contains(event)).count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private record TheirSubject(Testpmd testpmd, Rig rig) implements Subject {
        @Override
        public String name() {
            return testpmd.name();
        }

        @Override
        public Contender.Running start() {
            return testpmd.start(rig);
        }
    }

    static Step step() {
        return new Step(
                "restart",
                List.of("restart.gap", "restart.missed", "restart.reordered", "restart.corrupted"),
                (effort, found) -> measure(effort));
    }

    private static List<Result> measure(Effort effort) {
        try (Lab lab = Lab.open()) {
            Rig rig = new Rig(lab, effort.options(Work.L2FWD, Kind.XDP, 64));
            SluiceStack stack = new Sluice().stack(rig);
            List<Subject> subjects = new ArrayList<>(List.of(new OurSubject(stack, Helm.take(lab, stack))));
            Testpmd testpmd = new Testpmd(Kind.XDP);
            if (testpmd.missing(rig).isEmpty()) {
                subjects.add(new TheirSubject(testpmd, rig));
            }
            return new RestartGap(rig, effort).measure(subjects);
        }
    }

    private List<Result> measure(List<Subject> subjects) {
        subjects.forEach(subject -> seen.add(new ArrayList<>()));
        List<String> names = subjects.stream().map(Subject::name).toList();
        Turns.take(effort.runs(), subjects, names, (subject, unused) -> {
            Seen now = kill(subject);
            subject.ended();
            seen.get(subjects.indexOf(subject)).add(now);
            Turns.progress(String.format(
                    Locale.ROOT,
                    "  %.3f s without a frame, %.0f missed, %.0f reordered, %.0f corrupted",
                    now.gapNs() / 1e9,
                    now.missed(),
                    now.reordered(),
                    now.corrupted()));
        });
        return List.of(
                result("gap", "kill -9 to forwarding again", "s", names, all -> all.gapNs() / 1e9),
                result("missed", "frames that a restart costs", "frames", names, Seen::missed),
                result("reordered", "frames reordered by a restart", "frames", names, Seen::reordered),
                result("corrupted", "frames corrupted by a restart", "frames", names, Seen::corrupted));
    }

    private Result result(String what, String title, String unit, List<String> names, ToDoubleFunction<Seen> of) {
        List<Figures> lines = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            lines.add(Figures.of(
                    names.get(i), seen.get(i).stream().mapToDouble(of).boxed().toList()));
        }
        return new Result("restart." + what, title + KIND_TITLE, unit, Result.Better.LESS, lines);
    }

    private Seen kill(Subject subject) {
        Contender.Running first = subject.start();
        try (first;
                RunningProcess checker = startChecker()) {
            RunningProcess load = rig.startLoad(RATE, "numbered");
            try (load) {
                killUnderLoad(subject, first, checker);
            }
            rig.settled();
            return ask(checker);
        }
    }

    private void killUnderLoad(Subject subject, Contender.Running first, RunningProcess checker) {
        awaitMoreThan(ask(checker).taken(), checker);
        Turns.pause(Duration.ofSeconds(Math.max(1, effort.warmup())));
        first.process().orElseThrow().kill();
        double before = ask(checker).taken();
        Contender.Running again = subject.start();
        try (again) {
            awaitMoreThan(before, checker);
            Turns.pause(AFTERWARDS);
        }
    }

    private RunningProcess startChecker() {
        RunningProcess checker = rig.lab()
                .start(rig.programs()
                        .command(
                                "checker",
                                rig.net().v3().name(),
                                Integer.toString(rig.options().frame()))
                        .in(rig.net().b()));
        checker.awaitLine("ready", ANSWER);
        return checker;
    }

    private static Seen ask(RunningProcess checker) {
        return Seen.parse(checker.ask("", line -> true, ANSWER));
    }

    private static void awaitMoreThan(double taken, RunningProcess checker) {
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (ask(checker).taken() <= taken) {
            if (System.nanoTime() > deadline) {
                throw new LabException("nothing was forwarded for " + PATIENCE_NS / 1_000_000_000 + " s");
            }
            Turns.pause(LOOK_AGAIN);
        }
    }
}
