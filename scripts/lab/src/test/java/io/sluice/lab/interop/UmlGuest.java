package io.sluice.lab.interop;

import io.sluice.lab.Identity;
import io.sluice.lab.LabException;
import io.sluice.lab.Namespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A guest of User Mode Linux whose root is the host's, read only. It runs the shell scripts that it finds in a directory of the
 * host's, as root of its own, and has CAP_NET_RAW outside, which its vector devices need.
 */
final class UmlGuest {
    static final String PROGRAM = "linux.uml";

    private static final Duration BOOTED = Duration.ofSeconds(60);

    private static final String INIT = """
            #!/bin/sh
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin
            mount -t proc proc /proc
            mount -t tmpfs tmpfs /tmp # iperf3 makes a file there
            mount -t hostfs -o @DIRECTORY@ hostfs /mnt
            ip link set lo up
            while :; do
              if [ -e /mnt/job ]; then
                mv /mnt/job /mnt/current
                sh /mnt/current >/mnt/said 2>&1
                echo $? >/mnt/code
                mv /mnt/code /mnt/exit
              fi
              sleep 0.05
            done
            """;

    private final String name;
    private final Path directory;

    private UmlGuest(String name, Path directory) {
        this.name = name;
        this.directory = directory;
    }

    /** Not started: somebody else executes {@link #words}. */
    static UmlGuest in(Path parent, String name) {
        try {
            Path directory = Files.createDirectory(parent.resolve(name));
            Files.setAttribute(directory, "unix:uid", Identity.TENANT.uid());
            Path init = directory.resolve("init");
            Files.writeString(init, INIT.replace("@DIRECTORY@", directory.toString()));
            Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
            return new UmlGuest(name, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Command and arguments, for root to execute: it boots in {@code network} as the tenant. */
    List<String> words(Namespace network, String... vectors) {
        Identity user = Identity.TENANT;
        List<String> words = new ArrayList<>(List.of("nsenter", "--net=" + network.path(), "--"));
        words.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--reuid=" + user.uid(), "--regid=" + user.gid()));
        words.addAll(List.of("--clear-groups", "--bounding-set=-all,+net_raw", "--inh-caps=-all,+net_raw"));
        words.addAll(List.of("--ambient-caps=+net_raw", "--no-new-privs", "--"));
        words.addAll(List.of(PROGRAM, "mem=128M", "rootfstype=hostfs", "rootflags=/", "ro", "con=null"));
        words.addAll(List.of("con0=fd:0,fd:1", "umid=" + name, "uml_dir=" + directory));
        words.add("init=" + directory.resolve("init"));
        Stream.of(vectors).forEach(words::add);
        return words;
    }

    /** Where it writes; {@code /mnt} inside. */
    Path directory() {
        return directory;
    }

    /** Runs a shell script in the guest; throws what it said if it fails. */
    void run(Duration limit, String script) {
        begin(script);
        finish(limit);
    }

    /** Starts a script, as soon as the guest has booted. */
    void begin(String script) {
        try {
            Path job = directory.resolve("next");
            Files.writeString(job, script);
            Files.move(job, directory.resolve("job"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the end of what has been started. */
    void finish(Duration limit) {
        Path exit = directory.resolve("exit");
        long deadline = System.nanoTime() + BOOTED.plus(limit).toNanos();
        while (!Files.exists(exit)) {
            if (System.nanoTime() > deadline) {
                throw new LabException("guest " + name + " did not finish: " + read("said") + read("console"));
            }
            Thread.onSpinWait();
        }
        String code = read("exit").strip();
        String said = read("said");
        try {
            Files.delete(exit);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!code.equals("0")) {
            throw new LabException("a script of guest " + name + " failed with exit code " + code + ":\n" + said);
        }
    }

    /** A file that it wrote; empty if there is none. */
    String read(String file) {
        try {
            Path path = directory.resolve(file);
            return Files.exists(path) ? Files.readString(path) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
