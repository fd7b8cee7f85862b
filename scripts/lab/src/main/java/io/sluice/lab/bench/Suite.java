package io.sluice.lab.bench;

import io.sluice.lab.Install;
import io.sluice.lab.LabException;
import io.sluice.lab.bench.result.Bars;
import io.sluice.lab.bench.result.Markdown;
import io.sluice.lab.bench.result.Result;
import io.sluice.lab.bench.result.SuiteReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code scripts/bench suite}: every measurement, and the checks that are made of them. What a step found is written before
 * the next one begins; a step that fails has its checks fail and keeps no other from running.
 */
final class Suite {
    private static final String WORD = "suite";
    private static final String FILE = "suite.json";

    private final SuiteOptions options;
    private final Path home;
    private final Map<String, Result> found = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();

    private Suite(SuiteOptions options, Path home) {
        this.options = options;
        this.home = home;
    }

    /** Whether a command line is that of a suite. */
    static boolean isMeant(String... args) {
        return args.length > 0 && args[0].equals(WORD);
    }

    /** Exit codes: 0 nothing failed, 1 a check or a measurement did, 2 the command line was wrong. */
    static void execute(String... args) {
        try {
            SuiteOptions options =
                    SuiteOptions.parse(List.of(args).subList(1, args.length).toArray(String[]::new));
            Suite suite = new Suite(options, Install.find().home());
            SuiteReport report = suite.run();
            System.out.print(options.json() ? report.json() + "\n" : suite.text(report));
            System.exit(report.failed() ? 1 : 0);
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage() + ". See scripts/bench --help");
            System.exit(2);
        } catch (LabException | UncheckedIOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(1);
        }
    }

    /** What people are shown: of a few steps, only the checks that they are for. */
    private String text(SuiteReport report) {
        boolean all = options.from().isPresent() || options.steps().size() >= Steps.QUICK.size();
        return report.figures() + "\n" + report.table(all);
    }

    private SuiteReport run() {
        SuiteReport report =
                options.from().map(file -> SuiteReport.parse(read(file))).orElseGet(this::measure);
        Path directory = directory();
        write(directory, report, report.results());
        write(directory.resolve("suite.md"), Markdown.section(report, ""));
        if (options.document()) {
            document(report);
        }
        Turns.progress("results and plots are in " + directory);
        return report;
    }

    private Path directory() {
        return options.output().orElse(home.resolve("target/run/bench"));
    }

    private SuiteReport measure() {
        long start = System.nanoTime();
        int number = 0;
        for (Step step : options.steps()) {
            number++;
            Turns.progress(String.format(
                    java.util.Locale.ROOT,
                    "== %s (%d of %d, %d min so far)",
                    step.name(),
                    number,
                    options.steps().size(),
                    Duration.ofNanos(System.nanoTime() - start).toMinutes()));
            take(step);
            write(directory().resolve(FILE), report().json() + "\n");
        }
        return report();
    }

    private void take(Step step) {
        try {
            step.body().run(options.effort(), found).forEach(result -> found.put(result.id(), result));
        } catch (RuntimeException e) {
            // Whatever it is: an hour of other results must not be lost for it.
            Turns.progress("FAILED: " + e.getMessage());
            step.gives().forEach(id -> failures.put(id, String.valueOf(e.getMessage())));
        }
    }

    private SuiteReport report() {
        return new SuiteReport(machine(), options.effort().text(), new ArrayList<>(found.values()), failures);
    }

    private static Map<String, String> machine() {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("Linux", System.getProperty("os.version").replaceAll("[^0-9.].*", ""));
        machine.put("on", cpu() + ", " + Runtime.getRuntime().availableProcessors() + " CPUs");
        machine.put("Java", System.getProperty("java.version"));
        machine.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        return machine;
    }

    private static String cpu() {
        return read(Path.of("/proc/cpuinfo"))
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    /** JSON of all results, and plots of some. */
    private static void write(Path directory, SuiteReport report, List<Result> plotted) {
        write(directory.resolve(FILE), report.json() + "\n");
        for (Result result : plotted) {
            write(directory.resolve(result.id() + ".svg"), Bars.draw(result, report.effort()));
        }
    }

    /** The same into docs/: results and plots in a folder, and the section of the page. */
    private void document(SuiteReport report) {
        write(home.resolve("docs/performance"), report, report.plotted());
        Path page = home.resolve("docs/performance.md");
        write(page, Markdown.replaced(read(page), Markdown.section(report, "performance/")));
        Turns.progress("written: " + page);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
