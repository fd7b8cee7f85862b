package io.sluice.lab.seccomp;

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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel says to root with all its capabilities, behind each filter and without. */
@Tag("kernel")
final class RefusalsKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int SIGSYS = 31;

    private static final List<String> ALWAYS = List.of(
            "execve",
            "execveat",
            "fork",
            "ptrace",
            "process_vm_readv",
            "mount",
            "pivot_root",
            "chroot",
            "swapon",
            "sethostname",
            "reboot",
            "kexec_load",
            "init_module",
            "perf_event_open",
            "userfaultfd",
            "kill",
            "tgkill",
            "unshare(CLONE_NEWNS)",
            "setns(any)",
            "bpf(BPF_MAP_FREEZE)",
            "prctl(PR_SET_DUMPABLE)",
            "socket(AF_ALG)",
            "ProcessBuilder");

    @Test
    void theBrokerIsRefusedWhatItHasNoUseFor() throws IOException {
        expect(List.of("file", "socket(AF_INET, SOCK_STREAM)", "socket(AF_UNIX)", "connect", "listen"), "broker");
    }

    @Test
    void theCompilerIsRefusedWhatItHasNoUseFor() throws IOException {
        expect(List.of("file", "socket(AF_PACKET)", "socket(AF_INET, SOCK_STREAM)", "bind", "listen"), "compiler");
    }

    @Test
    void theWorkerIsRefusedWhatItHasNoUseFor() throws IOException {
        // Ports over TCP and UDP need no privilege; what may listen at the network is up to the worker's client.
        expect(List.of("socket(AF_PACKET)"), "worker");
        expect(List.of("socket(AF_PACKET)"), "worker-tls");
    }

    @Test
    void aSealedWorkerOpensNothing() throws IOException {
        List<String> more = List.of(
                "socket(AF_PACKET)",
                "socket(AF_INET, SOCK_STREAM)",
                "socket(AF_UNIX)",
                "connect",
                "bind",
                "listen",
                "openat(O_RDONLY)",
                "file");
        expect(more, "worker", "worker-sealed");
    }

    @Test
    void withoutAFilterNothingOfThisIsRefused() throws IOException {
        assertThat(results("worker")).isNotEmpty().doesNotContainValue("EPERM");
    }

    @ParameterizedTest
    @ValueSource(strings = {"i386", "x32"})
    void aCallOfAnotherArchitectureEndsTheProcess(String which) throws IOException {
        if (System.getProperty("os.arch").equals("amd64")) {
            assertThat(run("worker", "worker", which).exit()).isEqualTo(128 + SIGSYS);
        }
    }

    private static void expect(List<String> more, String... lists) throws IOException {
        Map<String, String> results = results(
                Map.of("broker", "broker/daemon", "compiler", "broker/compiler").getOrDefault(lists[0], "worker"),
                lists);
        for (String thread : List.of("main", "thread")) {
            List<String> refused = new ArrayList<>(ALWAYS);
            refused.addAll(more);
            assertThat(results.entrySet().stream()
                            .filter(entry -> entry.getKey().startsWith(thread + " "))
                            .filter(entry -> entry.getValue().equals("EPERM"))
                            .map(entry -> entry.getKey().substring(thread.length() + 1)))
                    .as("refused to %s by %s", thread, List.of(lists))
                    .containsExactlyInAnyOrderElementsOf(refused);
        }
    }

    private static Map<String, String> results(String module, String... lists) throws IOException {
        return run(module, lists)
                .output()
                .lines()
                .map(line -> line.split(" (?=\\S+$)", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (a, b) -> b, TreeMap::new));
    }

    private static Finished run(String module, String... words) throws IOException {
        Path target = Install.find().mustBeBuilt().home().resolve(module).resolve("target");
        List<String> path = new ArrayList<>(List.of(System.getProperty("java.class.path")
                .lines()
                .flatMap(line -> Stream.of(line.split(":", -1)))
                .filter(entry -> entry.endsWith("test-classes"))
                .toArray(String[]::new)));
        path.add(target.resolve("classes").toString());
        try (Stream<Path> jars = Files.list(target.resolve("lib"))) {
            jars.map(Path::toString).forEach(path::add);
        }
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Djnr.ffi.x86asm.enabled=false",
                "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                String.join(":", path),
                Attempts.class.getName()));
        command.addAll(List.of(words));
        return RunningProcess.run(Command.of(command), LIMIT);
    }
}
