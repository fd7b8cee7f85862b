package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class NetNamespaceTest {
    private static final Path SELF = Path.of("/proc/thread-self/ns/net");

    private NetNamespace namespace;

    @BeforeEach
    void create() throws IOException {
        namespace = NetNamespace.create();
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    @Test
    void aNewNamespaceHasALoopbackThatIsDownAndNothingElse() throws IOException {
        String shown = Netns.command(
                "nsenter",
                "--net=/proc/" + ProcessHandle.current().pid() + "/fd/"
                        + namespace.fd().number(),
                "ip",
                "-o",
                "link");
        assertThat(shown.lines()).hasSize(1);
        assertThat(shown).contains(" lo: <LOOPBACK> ", " state DOWN ");
    }

    @Test
    void aBodyRunsInsideAndNoOtherThreadEverDoes() throws Exception {
        Path outside = Files.readSymbolicLink(SELF);
        Path inside = namespace.call(() -> Files.readSymbolicLink(SELF));
        assertThat(inside)
                .isNotEqualTo(outside)
                .hasToString(Files.readSymbolicLink(
                                Path.of("/proc/self/fd/" + namespace.fd().number()))
                        .toString());
        Path other = namespace.call(() -> {
            try (NetNamespace nested = NetNamespace.create()) {
                assertThat(Files.readSymbolicLink(SELF)).as("the creator's").isEqualTo(inside);
                return nested.call(() -> Files.readSymbolicLink(SELF));
            }
        });
        assertThat(other).isNotIn(inside, outside);
        assertThat(Files.readSymbolicLink(SELF)).isEqualTo(outside);
        assertNoThreadIsElsewhere();
    }

    @Test
    void everyBodyHasItsOwnThreadWhichEnds() throws IOException {
        Thread first = namespace.call(Thread::currentThread);
        Thread second = namespace.call(Thread::currentThread);
        assertThat(first).isNotIn(second, Thread.currentThread());
        assertThat(List.of(first, second)).noneMatch(Thread::isAlive);
    }

    @Test
    void whatABodyThrowsIsThrown() throws IOException {
        for (Throwable thrown : List.of(new NoSuchFileException("x"), new IllegalArgumentException(), new Error())) {
            assertThatExceptionOfType(Throwable.class)
                    .isThrownBy(() -> namespace.call(() -> {
                        if (thrown instanceof IOException checked) {
                            throw checked;
                        }
                        if (thrown instanceof RuntimeException unchecked) {
                            throw unchecked;
                        }
                        throw (Error) thrown;
                    }))
                    .isSameAs(thrown);
        }
        assertThat(namespace.call(() -> 1)).isEqualTo(1);
    }

    @Test
    void anInterruptIsKeptForLater() throws IOException {
        Thread.currentThread().interrupt();
        try {
            assertThat(namespace.call(() -> Files.exists(SELF))).isTrue();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aClosedOneRunsNothing() {
        namespace.close();
        namespace.close();
        assertThatIllegalStateException().isThrownBy(() -> namespace.call(() -> 1));
    }

    @Test
    void itsDescriptorIsNotInherited() throws IOException {
        List<String> flags =
                Files.readAllLines(Path.of("/proc/self/fdinfo/" + namespace.fd().number()));
        assertThat(flags).anyMatch(line -> line.startsWith("flags:") && line.endsWith("2100000")); // O_CLOEXEC
    }

    @Test
    void creatingAndClosingLeavesNothing() throws Exception {
        List<String> before = Held.descriptors();
        for (int i = 0; i < 200; i++) {
            try (NetNamespace another = NetNamespace.create()) {
                assertThat(another.call(() -> another.fd().isClosed())).isFalse();
            }
        }
        Held.nothingSince(before);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("netns"));
        assertNoThreadIsElsewhere();
    }

    /** The kernel's thread ends a little after Java's. */
    private static void assertNoThreadIsElsewhere() throws Exception {
        Path here = Files.readSymbolicLink(SELF);
        Eventually.holds(
                "all threads are in the first namespace", () -> ofAllThreads().equals(Set.of(here)));
    }

    private static Set<Path> ofAllThreads() throws IOException {
        Set<Path> namespaces = new HashSet<>();
        try (var threads = Files.list(Path.of("/proc/self/task"))) {
            for (Path thread : threads.toList()) {
                try {
                    namespaces.add(Files.readSymbolicLink(thread.resolve("ns/net")));
                } catch (NoSuchFileException e) {
                    // It has ended.
                }
            }
        }
        return namespaces;
    }
}
