package io.sluice.lab.hostile;

import io.sluice.lab.Command;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The C programs of the suite, compiled for one lab where every user can execute them.
 *
 * @param directory where they are
 */
record Programs(Path directory) {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Compiles them into a directory of {@code lab}. */
    static Programs compile(Install install, Lab lab) {
        if (!RunningProcess.run(Command.of("sh", "-c", "command -v gcc"), LIMIT).succeeded()) {
            throw new LabException("gcc is missing. On Debian: apt install gcc libc6-dev");
        }
        Programs programs = new Programs(lab.directory("hostile"));
        Path sources = install.home().resolve("scripts/lab/src/main/c/hostile");
        programs.compile(
                "hostile", sources, "hostile frames any plane holder channel identity packet send xsk raw tap");
        programs.compile("weak", sources, "weak");
        programs.compile("wire", sources, "wire frames");
        programs.compile("guard", sources, "guard");
        return programs;
    }

    private void compile(String program, Path sources, String files) {
        Stream<String> compiler = Stream.of("gcc", "-O1", "-Wall", "-Wextra", "-o", path(program));
        Stream<String> parts = Stream.of(files.split(" ", -1))
                .map(name -> sources.resolve(name + ".c").toString());
        RunningProcess.run(Command.of(Stream.concat(compiler, parts).toList()), LIMIT)
                .orThrow();
        try {
            Path.of(path(program)).toFile().setExecutable(true, false);
        } catch (SecurityException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private String path(String program) {
        return directory.resolve(program).toString();
    }

    /** A tenant's program with nothing in its hands, in a network namespace of its own. */
    Command hostile(Identity tenant) {
        return Command.of(path("hostile")).as(tenant).inEmptyNetwork();
    }

    /** The same as root, for attacks that begin with another identity. */
    Command hostileAsRoot() {
        return Command.of(path("hostile")).inEmptyNetwork();
    }

    /** A tenant's program that starts with what a careless maker gives it. To be started where the maker shall work. */
    Command weak(Identity tenant, String... maker) {
        return weak(tenant, List.of("unshare", "--net", "--"), maker);
    }

    /** The same, and stays where the maker works. */
    Command weakBeside(Identity tenant, String... maker) {
        return weak(tenant, List.of(), maker);
    }

    private Command weak(Identity tenant, List<String> network, String... maker) {
        List<String> words = new ArrayList<>(List.of(path("weak")));
        words.addAll(List.of(maker));
        words.add("--");
        words.addAll(network);
        words.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
        words.addAll(List.of("--reuid=" + tenant.uid(), "--regid=" + tenant.gid(), "--clear-groups"));
        words.addAll(List.of("--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--"));
        words.add(path("hostile"));
        return Command.of(words);
    }

    /** The same for a holder who keeps root's capabilities. */
    Command weakAsRoot(String... maker) {
        List<String> words = new ArrayList<>(List.of(path("weak")));
        words.addAll(List.of(maker));
        words.addAll(List.of("--", path("hostile")));
        return Command.of(words);
    }

    /** Rules on a device that go with the process. */
    Command guard(String device) {
        return Command.of(path("guard"), device);
    }

    /** The other end of a wire. */
    Command wire(String device) {
        return Command.of(path("wire"), device);
    }
}
