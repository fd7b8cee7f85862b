package io.sluice.lab.interop;

import io.sluice.cli.CommandLoop;
import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The words that users type, said to a {@link CommandLoop} that runs as the tenant: what a JVM's start costs is paid once. */
public final class CommandLine {
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final String MAIN = "io.sluice.cli.Main";

    private final RunningProcess loop;

    private CommandLine(RunningProcess loop) {
        this.loop = loop;
    }

    /** Starts it; it ends with the lab. */
    public static CommandLine start(Lab lab, SluiceStack stack) {
        Path classes = lab.directory("loop");
        copy(CommandLoop.class, classes);
        List<String> words = new ArrayList<>(launched(stack.install()));
        words.set(words.indexOf("-cp") + 1, words.get(words.indexOf("-cp") + 1) + ":" + classes);
        words.set(words.indexOf(MAIN), CommandLoop.class.getName());
        // As in Main: what goes wrong is said once.
        words.add(1, "-Djava.util.logging.config.file=/dev/null");
        return new CommandLine(lab.start(stack.asTenant(Command.of(words))));
    }

    /** What the launcher executes for a command, up to the main class. */
    private static List<String> launched(Install install) {
        List<String> words = RunningProcess.run(install.sluice("info").with("SLUICE_DRY_RUN", "1"), ANSWER)
                .orThrow()
                .output()
                .lines()
                .toList();
        return words.subList(0, words.indexOf(MAIN) + 1);
    }

    private static void copy(Class<?> type, Path classes) {
        String name = type.getName().replace('.', '/') + ".class";
        Path target = classes.resolve(name);
        try (InputStream bytes = type.getClassLoader().getResourceAsStream(name)) {
            Files.createDirectories(target.getParent());
            Files.copy(bytes, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs {@code sluice WORDS...}. */
    public Finished run(String... words) {
        String[] answer = loop.ask(String.join(CommandLoop.SEPARATOR, words), line -> line.startsWith("="), ANSWER)
                .split(" ", -1);
        return new Finished(
                Command.of("sluice " + String.join(" ", words)),
                Integer.parseInt(answer[0].substring(1)),
                decoded(answer[1]),
                decoded(answer[2]));
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8).stripTrailing();
    }
}
