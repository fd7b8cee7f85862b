package io.sluice.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the programs are: a built working copy, whose {@code scripts/sluice} starts them.
 *
 * @param home its root directory
 */
public record Install(Path home) {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final List<String> MODULES = List.of("broker/daemon", "broker/gateway", "worker", "scripts/cli");

    /** The working copy that this code was built in: the launcher's property, or else above the current directory. */
    public static Install find() {
        String property = System.getProperty("sluice.home");
        Path start = property == null ? Path.of("").toAbsolutePath() : Path.of(property);
        for (Path path = start; path != null; path = path.getParent()) {
            if (Files.isExecutable(path.resolve("scripts/sluice"))) {
                return new Install(path);
            }
        }
        throw new LabException("no scripts/sluice in or above " + start + ": run this in a working copy of Sluice");
    }

    /** The command {@code sluice WORDS...}. */
    public Command sluice(String... words) {
        return Command.of(Stream.concat(Stream.of(home.resolve("scripts/sluice").toString()), Stream.of(words))
                .toList());
    }

    /** Throws, saying how to build, unless every program is built. */
    public Install mustBeBuilt() {
        for (String module : MODULES) {
            if (!Files.isDirectory(home.resolve(module).resolve("target/lib"))) {
                throw new LabException(module + " is not built; build with " + home.resolve("scripts/build"));
            }
        }
        return this;
    }

    /**
     * This install if {@code identity} can read it, else a copy in a directory of {@code lab}: a working copy in /root
     * is closed to everybody else.
     */
    public Install readableBy(Identity identity, Lab lab) {
        Path sample = home.resolve("scripts/sluice");
        Finished test =
                RunningProcess.run(Command.of("test", "-r", sample.toString()).as(identity), LIMIT);
        return test.succeeded() ? this : copy(lab.directory("install"));
    }

    private Install copy(Path target) {
        List<Path> sources = new ArrayList<>();
        sources.add(Path.of("scripts/sluice"));
        sources.addAll(files(Path.of("target/run/native")));
        List<String> modules = new ArrayList<>(MODULES);
        modules.add("scripts/lab"); // for what a benchmark does as the tenant
        for (String module : modules) {
            Path built = Path.of(module).resolve("target");
            files(built).stream()
                    .filter(file -> file.toString().endsWith(".jar"))
                    .forEach(sources::add);
            sources.addAll(files(built.resolve("lib")));
        }
        sources.forEach(source -> copy(source, target));
        return new Install(target);
    }

    private List<Path> files(Path directory) {
        if (!Files.isDirectory(home.resolve(directory))) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(home.resolve(directory))) {
            return entries.filter(Files::isRegularFile).map(home::relativize).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void copy(Path source, Path target) {
        try {
            Path copy = target.resolve(source);
            Files.createDirectories(copy.getParent());
            Files.copy(home.resolve(source), copy);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
