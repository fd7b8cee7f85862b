package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What broker and worker have given up by the time that they serve, and that they do their work without it. */
@Tag("kernel")
final class ConfinedKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String BROKER = "0000008000207000";
    private static final String NONE = "0000000000000000";
    private static final int EXIT_NO_BROKER = 3;

    private Lab lab;
    private Topology net;
    private SluiceStack stack;

    @BeforeEach
    void openLab() {
        lab = Lab.open();
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private RunningProcess forwarding(Kind kind, String... options) {
        net = Topology.make(lab);
        if (kind == Kind.XDP) {
            net.withoutOffloads();
        }
        stack = SluiceStack.start(net, Install.find(), SluiceStack.policy(kind, "auto"));
        RunningProcess worker = stack.startWorker(options);
        stack.connect(kind);
        return worker;
    }

    @Test
    void everyThreadHasTheFilterAndJustTheCapabilitiesThatAreDeclared() throws IOException {
        RunningProcess worker = forwarding(Kind.PACKET);
        assertThat(pings()).isTrue();

        long broker = stack.broker().pid();
        assertThat(threads(broker, "Seccomp")).containsExactly("2");
        assertThat(threads(broker, "NoNewPrivs")).containsExactly("1");
        for (String set : List.of("CapEff", "CapPrm", "CapInh", "CapBnd")) {
            assertThat(threads(broker, set)).as(set).containsExactly(BROKER);
        }
        assertThat(threads(broker, "CapAmb")).containsExactly(NONE);

        assertThat(threads(worker.pid(), "Seccomp")).containsExactly("2");
        assertThat(threads(worker.pid(), "Seccomp_filters")).containsExactly("1");
        assertThat(threads(worker.pid(), "NoNewPrivs")).containsExactly("1");
        for (String set : List.of("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")) {
            assertThat(threads(worker.pid(), set)).as(set).containsExactly(NONE);
        }
    }

    @Test
    void aProcessOfTheSameUserCannotLookIntoAWorker() throws IOException {
        RunningProcess worker = forwarding(Kind.PACKET);

        assertThat(Files.getAttribute(Path.of("/proc/" + worker.pid() + "/environ"), "unix:uid"))
                .as("the files of a process that is not dumpable belong to root")
                .isEqualTo(0);
        Finished look = RunningProcess.run(
                Command.of("head", "-c", "1", "/proc/" + worker.pid() + "/mem").as(Identity.TENANT), LIMIT);
        assertThat(look.succeeded()).isFalse();
        assertThat(look.errors()).contains("Permission denied");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aSealedWorkerForwardsOverPortsThatWereAddedLater(Kind kind) throws IOException {
        RunningProcess worker = forwarding(kind, "--sealed");

        assertThat(threads(worker.pid(), "Seccomp_filters")).containsExactly("2");
        assertThat(pings()).isTrue();
        stack.tenant("link", "rm", "left-right").orThrow();
        stack.tenant("port", "rm", "left").orThrow();
        assertThat(pings()).isFalse();
        stack.addPort("left", kind);
        stack.tenant("link", "add", "left", "right").orThrow();
        assertThat(pings()).isTrue();
        stack.tenant("stats", "--json").orThrow();
        stack.tenant("info", "--json").orThrow();
        assertThat(stack.tenant("port", "add", "nothing", "nothing").errors()).contains("nothing");
        // Errors of the JVM's own would show here.
        assertThat(worker.errors()).doesNotContain("Exception", "Operation not permitted");
    }

    @Test
    void aSealedWorkerEndsWithItsBrokerAndTheNextOneTakesItsPlace() {
        RunningProcess worker = forwarding(Kind.PACKET, "--sealed");

        stack.broker().kill();

        Finished ended = worker.await(LIMIT);
        assertThat(ended.exit()).isEqualTo(EXIT_NO_BROKER);
        assertThat(ended.errors())
                .contains("the broker is gone")
                .contains("a sealed worker can't connect to it again: it ends")
                .doesNotContain("Exception");

        stack.startBroker();
        stack.startWorker("--sealed");
        stack.connect(Kind.PACKET);
        assertThat(pings()).isTrue();
    }

    @Test
    void withoutAFilterBothSaySo() throws IOException {
        RunningProcess worker = forwarding(Kind.PACKET, "--no-seccomp");

        assertThat(threads(worker.pid(), "Seccomp")).containsExactly("0");
        worker.awaitError("sluice-worker: runs without a system call filter (--no-seccomp)", LIMIT);

        Path other = lab.directory("other");
        RunningProcess broker = lab.start(Install.find()
                .sluice(
                        "broker",
                        "--no-seccomp",
                        "--policy",
                        stack.policyFile().toString(),
                        "--socket",
                        other.resolve("broker.sock").toString(),
                        "--admin-socket",
                        other.resolve("admin.sock").toString())
                .in(net.dut()));
        broker.awaitLine("sluice-broker ready", LIMIT);
        assertThat(threads(broker.pid(), "Seccomp")).containsExactly("0");
        broker.awaitError("sluice-broker: runs without a system call filter (--no-seccomp)", LIMIT);
    }

    private boolean pings() {
        return RunningProcess.run(
                        Command.of("ping", "-c", "2", "-i", "0.2", "-W", "1", Topology.ADDRESS_B)
                                .in(net.a()),
                        LIMIT)
                .succeeded();
    }

    /** The values of a field of /proc/PID/status in all threads. */
    private static Set<String> threads(long pid, String field) throws IOException {
        Pattern line = Pattern.compile("(?m)^" + field + ":\\s+(\\S+)");
        Set<String> values = new TreeSet<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks.toList()) {
                Matcher matcher = line.matcher(Files.readString(task.resolve("status")));
                values.add(matcher.find() ? matcher.group(1) : "no " + field);
            }
        }
        return values;
    }
}
