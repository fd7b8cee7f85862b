package io.sluice.lab.units;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Install;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The units of policies/systemd, by systemd's own judgement, which needs no running systemd. */
@Tag("kernel") // for the packages that scripts/test installs for this group
final class UnitsKernelTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Path HOME = Install.find().home();
    private static final Path UNITS = HOME.resolve("policies/systemd");
    private static final Path LISTS = HOME.resolve("policies/seccomp");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"sluice-broker.service, 25", "sluice-gateway.service, 10", "sluice-worker@.service, 10"})
    void aUnitIsWellFormedAndTight(String unit, int exposure) throws IOException {
        Path copy = directory.resolve(unit);
        // Verification wants to see the program.
        String text = Files.readString(UNITS.resolve(unit));
        Files.writeString(
                copy,
                text.replace("/usr/bin/sluice", HOME.resolve("scripts/sluice").toString()));

        Finished verified = analyze("verify", copy.toString());
        assertThat(verified.exit()).isZero();
        assertThat(verified.output() + verified.errors()).isEmpty();

        Finished judged = analyze("security", "--offline=true", "--threshold=" + exposure, copy.toString());
        assertThat(judged.exit()).as(judged.output()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "sluice-broker.service, broker",
        "sluice-worker@.service, worker",
        "sluice-worker@.service, worker-sealed"
    })
    void aUnitAllowsTheCallsThatItsProgramLeavesItself(String unit, String list) throws IOException {
        Set<String> allowed = allowedBy(unit);

        assertThat(allowed).contains("execve", "seccomp", "prctl", "prlimit64");
        assertThat(allowed).containsAll(calls(list));
        assertThat(allowed).doesNotContain("mount", "ptrace", "init_module", "kexec_load", "reboot", "swapon");
    }

    @Test
    void startedForRealWhereSystemdRuns() {
        Finished live =
                RunningProcess.run(Command.of(HOME.resolve("scripts/units-live").toString()), LIMIT);

        assertThat(live.exit()).as(live.output() + live.errors()).isZero();
        System.out.print(live.output()); // says so if it was left out
    }

    private static Finished analyze(String... words) {
        List<String> command = new ArrayList<>(List.of("systemd-analyze", "--no-pager"));
        command.addAll(List.of(words));
        return RunningProcess.run(Command.of(command), LIMIT);
    }

    /** What the SystemCallFilter= lines of a unit come to; a first line that allows also allows @default. */
    private static Set<String> allowedBy(String unit) throws IOException {
        Set<String> allowed = expand("@default");
        for (String line : Files.readAllLines(UNITS.resolve(unit))) {
            if (line.startsWith("SystemCallFilter=")) {
                String value = line.substring(line.indexOf('=') + 1);
                boolean deny = value.startsWith("~");
                for (String word : value.replace("~", "").split(" ", -1)) {
                    if (deny) {
                        allowed.removeAll(expand(word));
                    } else {
                        allowed.addAll(expand(word));
                    }
                }
            }
        }
        return allowed;
    }

    /** The calls of a set, which may contain other sets. */
    private static Set<String> expand(String word) {
        Set<String> calls = new HashSet<>();
        if (!word.startsWith("@")) {
            calls.add(word);
            return calls;
        }
        analyze("syscall-filter", word)
                .orThrow()
                .output()
                .lines()
                .skip(1)
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .forEach(line -> calls.addAll(expand(line)));
        return calls;
    }

    private static Set<String> calls(String list) throws IOException {
        Set<String> calls = new HashSet<>();
        for (String line : Files.readAllLines(LISTS.resolve(list + ".list"))) {
            String[] words = line.strip().split("\\s+", -1);
            if (words[0].equals("include")) {
                calls.addAll(calls(words[1]));
            } else if (!words[0].isEmpty() && !words[0].startsWith("#")) {
                calls.add(words[0]);
            }
        }
        return calls;
    }
}
