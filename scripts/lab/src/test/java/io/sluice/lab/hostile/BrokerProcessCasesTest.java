package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The broker's process itself, with an enemy in it, and beside it. */
@Tag("hostile")
final class BrokerProcessCasesTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String POLICY = "version: 1\ntenants: {}\n";
    private static final String NO_FILTER = "--no-seccomp";

    @RegisterExtension
    private final CaseLog log = new CaseLog();

    private Lab lab;
    private Install install;
    private Path directory;

    @BeforeEach
    void openLab() throws IOException {
        lab = Lab.open();
        install = Install.find().mustBeBuilt();
        directory = lab.directory("guest");
        Files.writeString(directory.resolve("policy.yaml"), POLICY);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private RunningProcess broker(String... more) throws IOException {
        List<String> words = List.of(
                "broker",
                "--policy",
                directory.resolve("policy.yaml").toString(),
                "--socket",
                directory.resolve("broker.sock").toString(),
                "--admin-socket",
                directory.resolve("admin.sock").toString());
        Command command =
                install.sluice(Stream.concat(words.stream(), Stream.of(more)).toArray(String[]::new));
        RunningProcess broker = lab.start(command.in(lab.namespace("broker"))
                .with("SLUICE_JAVA_OPTS", "-javaagent:" + agent() + "=" + directory.resolve("go")));
        broker.awaitLine("sluice-broker ready", LIMIT);
        return broker;
    }

    /** The jar of {@link BrokerGuest}. */
    private Path agent() throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(new Attributes.Name("Premain-Class"), BrokerGuest.class.getName());
        Path jar = directory.resolve("guest.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream output = new JarOutputStream(file, manifest)) {
            for (Class<?> type : List.of(BrokerGuest.class, BrokerGuest.Calls.class)) {
                String name = type.getName().replace('.', '/') + ".class";
                output.putNextEntry(new JarEntry(name));
                try (InputStream bytes = type.getClassLoader().getResourceAsStream(name)) {
                    bytes.transferTo(output);
                }
                output.closeEntry();
            }
        }
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
        return jar;
    }

    /** Lets the guest act, and returns what came of it: "THREAD WHAT" to the result. */
    private Map<String, String> attempts(RunningProcess broker) throws IOException {
        Files.createFile(directory.resolve("go"));
        broker.awaitError(BrokerGuest.DONE, LIMIT);
        Map<String, String> results = new TreeMap<>();
        broker.errors()
                .lines()
                .filter(line -> line.startsWith("guest: "))
                .map(line -> line.split(" ", -1))
                .filter(words -> words.length == 4)
                .forEach(words -> results.put(words[1] + " " + words[2], words[3]));
        return results;
    }

    /** What came of each attempt, once if both threads had the same. */
    private static String summary(Map<String, String> results) {
        Map<String, Set<String>> each = new TreeMap<>();
        results.forEach((what, result) -> each.computeIfAbsent(what.split(" ", -1)[1], any -> new TreeSet<>())
                .add(result));
        return each.toString().replaceAll("[{}\\[\\]]", "");
    }

    @Test
    void case25CodeInTheBrokerCannotStartAProgramNorTouchAnother() throws IOException {
        log.attack(25, "broker JVM");
        Assumptions.assumeTrue(hasFilter(), "no system call filter yet");
        RunningProcess broker = broker();

        Map<String, String> results = attempts(broker);

        assertThat(results)
                .hasSize(10)
                .allSatisfy((what, result) -> assertThat(result).as(what).isIn("EPERM", "EACCES"));
        assertThat(broker.isAlive()).isTrue();
        log.saw("from an older and a new thread: " + summary(results));
    }

    @Test
    void case25WithoutTheFilterItCan() throws IOException {
        log.attackWithout(25, "broker JVM", "the system call filter");
        RunningProcess broker = hasFilter() ? broker(NO_FILTER) : broker();

        Map<String, String> results = attempts(broker);

        assertThat(results).containsEntry("new-thread ProcessBuilder", "ok").containsEntry("new-thread fork", "ok");
        log.saw("from an older and a new thread: " + summary(results));
    }

    private boolean hasFilter() {
        return RunningProcess.run(install.sluice("broker", "--help"), LIMIT)
                .output()
                .contains(NO_FILTER);
    }

    private static Map<String, String> status(Path thread) {
        Map<String, String> fields = new TreeMap<>();
        try (Stream<String> lines = Files.lines(thread.resolve("status"))) {
            lines.map(line -> line.split(":\\s*", 2)).forEach(field -> fields.put(field[0], field[1]));
        } catch (IOException gone) {
            // A thread that has ended meanwhile.
        }
        return fields;
    }

    @Test
    void case25EveryThreadHasWhatTheBrokerNeedsAndNoMore() throws IOException {
        log.attack(25, "broker JVM, capabilities");
        RunningProcess broker = broker();
        // NET_ADMIN 12, NET_RAW 13, IPC_LOCK 14, SYS_ADMIN 21 for jails, BPF 39.
        long allowed = 1L << 12 | 1L << 13 | 1L << 14 | 1L << 21 | 1L << 39;
        int threads = 0;

        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + broker.pid() + "/task"))) {
            for (Path thread : tasks.toList()) {
                Map<String, String> status = status(thread);
                if (status.isEmpty()) {
                    continue;
                }
                threads++;
                for (String set : List.of("CapEff", "CapPrm", "CapBnd")) {
                    assertThat(Long.parseUnsignedLong(status.get(set), 16) & ~allowed)
                            .as("%s of thread %s beyond what is needed", set, status.get("Name"))
                            .isZero();
                }
                assertThat(status.get("NoNewPrivs")).isEqualTo("1");
            }
        }

        assertThat(threads).isGreaterThan(5);
        log.saw("%d threads, all with no more than the declared ones and with no_new_privs".formatted(threads));
    }

    @Test
    void case25NoTenantReachesIntoTheBroker() throws IOException {
        log.attack(25, "broker process, from outside");
        RunningProcess broker = broker();
        Tenant tenant = new Tenant(lab.start(Programs.compile(install, lab).hostile(Ground.BLUE)));

        String answers = tenant.ask("rights " + broker.pid());

        assertThat(answers.split(" ", -1)).allMatch(answer -> answer.equals("EPERM") || answer.equals("EACCES"));
        assertThat(broker.isAlive()).isTrue();
        log.saw("ptrace, pidfd_getfd, process_vm_readv, mem, fd, kill: " + answers);
    }

    @Test
    void case25RootReachesIntoAnyProcess() {
        log.attackWithout(25, "broker process, from outside", "another uid");
        RunningProcess process = lab.start(Command.of("sleep", "60"));
        Tenant root = new Tenant(lab.start(Programs.compile(install, lab).hostileAsRoot()));

        String answers = root.ask("rights " + process.pid());

        assertThat(answers).startsWith("ok ").endsWith(" ok ok ok");
        log.saw("ptrace, pidfd_getfd, process_vm_readv, mem, fd, kill: " + answers);
    }
}
