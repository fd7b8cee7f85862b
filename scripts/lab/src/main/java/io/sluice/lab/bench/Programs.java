package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Install;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * The C programs of a benchmark, compiled for the run.
 *
 * @param directory where they are
 */
record Programs(Path directory) {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Compiles them under the working copy's target directory. */
    static Programs compile(Install install) {
        Path sources = install.home().resolve("scripts/lab/src/main/c");
        Path target = install.home().resolve("scripts/lab/target/c");
        try {
            Files.createDirectories(target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (String name : new String[] {"loadgen", "sink", "mmsg", "checker", "redirect", "rr", "cycler"}) {
            if (isNewer(target.resolve(name), sources)) {
                continue;
            }
            Command compiler = Command.of(
                    "gcc",
                    "-O2",
                    "-march=native",
                    "-Wall",
                    "-Wextra",
                    "-o",
                    target.resolve(name).toString(),
                    sources.resolve(name + ".c").toString());
            if (!RunningProcess.run(Command.of("sh", "-c", "command -v gcc"), LIMIT)
                    .succeeded()) {
                throw new LabException("gcc is missing. On Debian: apt install gcc libc6-dev");
            }
            RunningProcess.run(compiler, LIMIT).orThrow();
        }
        return new Programs(target);
    }

    /** Whether a program is newer than all sources: they are few. */
    private static boolean isNewer(Path program, Path sources) {
        try (Stream<Path> all = Files.list(sources)) {
            if (!Files.exists(program)) {
                return false;
            }
            FileTime built = Files.getLastModifiedTime(program);
            for (Path source : all.toList()) {
                if (Files.getLastModifiedTime(source).compareTo(built) >= 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command that runs the program {@code name}. */
    Command command(String name, String... arguments) {
        String[] words = new String[arguments.length + 1];
        words[0] = directory.resolve(name).toString();
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        return Command.of(words);
    }
}
