package io.sluice.lab.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.lab.Install;
import io.sluice.lab.seccomp.FilterCompiler.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lists of policies/seccomp, run as the kernel would run them. */
final class FilterCompilerTest {
    private static final Path LISTS = Install.find().home().resolve("policies/seccomp");
    private static final int CLONE_THREAD_OF_GLIBC = 0x3d0f00;
    private static final int SIGCHLD = 17;
    private static final int NO_SUCH_CALL = 0x50026;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource(Architecture.class)
    void everyListIsWhatItSays(Architecture architecture) throws IOException {
        FilterCompiler compiler = new FilterCompiler(LISTS);
        for (String list : new String[] {"broker", "compiler", "worker", "worker-tls", "worker-sealed"}) {
            Machine machine = new Machine(compiler.compile(list, architecture));
            Map<String, Integer> numbers = compiler.numbers(architecture);
            int audit = architecture.audit();
            assertThat(machine.verdict(audit, numbers.get("futex"))).isEqualTo(FilterCompiler.ALLOW);
            assertThat(machine.verdict(audit, numbers.get("clone"), CLONE_THREAD_OF_GLIBC))
                    .isEqualTo(FilterCompiler.ALLOW);
            assertThat(machine.verdict(audit, numbers.get("clone"), SIGCHLD))
                    .as("fork")
                    .isEqualTo(FilterCompiler.REFUSE);
            assertThat(machine.verdict(audit, numbers.get("clone"), CLONE_THREAD_OF_GLIBC | 0x40000000))
                    .as("a thread in a network namespace of its own")
                    .isEqualTo(FilterCompiler.REFUSE);
            assertThat(machine.verdict(audit, numbers.get("clone3"))).isEqualTo(NO_SUCH_CALL);
            assertThat(machine.verdict(audit, 999)).isEqualTo(FilterCompiler.REFUSE);
        }
    }

    @Test
    void callsOfAnotherArchitectureKill() throws IOException {
        Machine machine = new Machine(new FilterCompiler(LISTS).compile("broker", Architecture.AMD64));

        assertThat(machine.verdict(0x40000003, 20)).as("getpid by int 0x80").isEqualTo(FilterCompiler.KILL);
        assertThat(machine.verdict(Architecture.AMD64.audit(), 0x40000000 | 39))
                .as("getpid of x32")
                .isEqualTo(FilterCompiler.KILL);
        assertThat(machine.verdict(Architecture.AMD64.audit(), 39)).isEqualTo(FilterCompiler.ALLOW);
    }

    @ParameterizedTest
    @ValueSource(strings = {"broker", "compiler", "worker", "worker-tls", "worker-sealed"})
    void socketsAreThoseOfTheList(String list) throws IOException {
        FilterCompiler compiler = new FilterCompiler(LISTS);
        Machine machine = new Machine(compiler.compile(list, Architecture.AMD64));
        int socket = compiler.numbers(Architecture.AMD64).getOrDefault("socket", -1);
        boolean broker = list.equals("broker");

        assertThat(allows(machine, socket, 1, 1))
                .as("AF_UNIX")
                .isEqualTo(Set.of("worker", "worker-tls", "compiler").contains(list));
        assertThat(allows(machine, socket, 17, 3 | 0x80000)).as("AF_PACKET").isEqualTo(broker);
        assertThat(allows(machine, socket, 16, 3)).as("AF_NETLINK").isEqualTo(broker);
        assertThat(allows(machine, socket, 2, 3)).as("raw IP").isEqualTo(broker);
        assertThat(allows(machine, socket, 10, 1 | 0x80000))
                .as("TCP")
                .isEqualTo(Set.of("worker", "worker-tls").contains(list));
        assertThat(allows(machine, socket, 10, 2 | 0x80000))
                .as("UDP")
                .isEqualTo(Set.of("broker", "worker", "worker-tls").contains(list));
        assertThat(allows(machine, socket, 38, 5)).as("AF_ALG").isFalse();
    }

    private static boolean allows(Machine machine, int socket, long family, long type) {
        return machine.verdict(Architecture.AMD64.audit(), socket, family, type) == FilterCompiler.ALLOW;
    }

    @Test
    void theBrokerEntersAndMakesNetworkNamespacesOnly() throws IOException {
        FilterCompiler compiler = new FilterCompiler(LISTS);
        Machine machine = new Machine(compiler.compile("broker", Architecture.AMD64));
        Map<String, Integer> numbers = compiler.numbers(Architecture.AMD64);
        int audit = Architecture.AMD64.audit();

        assertThat(machine.verdict(audit, numbers.get("unshare"), 0x40000000)).isEqualTo(FilterCompiler.ALLOW);
        assertThat(machine.verdict(audit, numbers.get("unshare"), 0x40020000)).isEqualTo(FilterCompiler.REFUSE);
        assertThat(machine.verdict(audit, numbers.get("setns"), 5, 0x40000000)).isEqualTo(FilterCompiler.ALLOW);
        assertThat(machine.verdict(audit, numbers.get("setns"), 5, 0)).isEqualTo(FilterCompiler.REFUSE);
    }

    @Test
    void numbersAreThoseOfTheKernelsHeaders() throws IOException {
        check(Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Architecture.AMD64);
        check(Path.of("/usr/include/asm-generic/unistd.h"), Architecture.AARCH64);
    }

    /** Where the header is not installed, nothing can be said. */
    private static void check(Path header, Architecture architecture) throws IOException {
        if (!Files.exists(header)) {
            return;
        }
        Map<String, Integer> numbers = new FilterCompiler(LISTS).numbers(architecture);
        Pattern line = Pattern.compile("#define __NR(?:3264)?_(\\w+)\\s+(\\d+)");
        int found = 0;
        for (String text : Files.readAllLines(header)) {
            Matcher matcher = line.matcher(text);
            if (matcher.find() && numbers.containsKey(matcher.group(1))) {
                assertThat(numbers.get(matcher.group(1)))
                        .as("%s of %s", matcher.group(1), architecture)
                        .isEqualTo(Integer.parseInt(matcher.group(2)));
                found++;
            }
        }
        assertThat(found).isGreaterThan(80);
    }

    @Test
    void aListThatIsNotUnderstoodIsRefusedByLine() throws IOException {
        Files.writeString(directory.resolve("numbers"), "read 0 63\nX = 5\n");
        for (String line : new String[] {
            "read", "write # no such call", "read a0 = X # no such operator", "read a0 == Y # no such constant"
        }) {
            Files.writeString(directory.resolve("bad.list"), line + "\n");
            assertThatThrownBy(() -> new FilterCompiler(directory).compile("bad", Architecture.AMD64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bad.list: ")
                    .hasMessageContaining(line);
        }
    }
}
