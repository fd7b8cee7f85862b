package io.sluice.control.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients with other credentials, which only root can make. */
@Tag("kernel")
class OtherUidTest {
    private static final int OTHER = 65534;
    private static final int TEAM = 4242;

    @TempDir
    static Path directory;

    /** The class path, copied to where any uid can read it: the original may lie in a home directory. */
    private static String classPath;

    private static Path socket;
    private static ControlServer server;

    @BeforeAll
    static void serveOnASocketThatAnybodyMayConnectTo() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        socket = directory.resolve("test.sock");
        PeerRule rule = PeerRule.uid(Peer.self().uid()).or(PeerRule.group(TEAM, "team"));
        server = ControlServer.builder().unix(socket, rule, "rw-rw-rw-").start();
        classPath = copyClassPath();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Test
    void sameUidIsServed() throws Exception {
        assertThat(probe()).isEqualTo("SERVING");
    }

    @Test
    void otherUidIsRefusedThoughItCanConnect() throws Exception {
        assertThat(probe("setpriv", "--reuid", "" + OTHER, "--regid", "" + OTHER, "--clear-groups"))
                .matches(
                        "PERMISSION_DENIED uid 65534 \\(pid \\d+\\) may not call this server; allowed: uid 0, group team");
    }

    @Test
    void supplementaryGroupIsSeen() throws Exception {
        assertThat(probe("setpriv", "--reuid", "" + OTHER, "--regid", "" + OTHER, "--groups", "1234," + TEAM))
                .isEqualTo("SERVING");
    }

    @Test
    void groupIsFoundAmongMoreThanFitTheFirstBuffer() throws Exception {
        StringBuilder groups = new StringBuilder();
        for (int gid = 10_000; gid < 10_100; gid++) {
            groups.append(gid).append(',');
        }
        assertThat(probe(
                        "setpriv",
                        "--reuid",
                        "" + OTHER,
                        "--regid",
                        "" + OTHER,
                        "--groups",
                        groups.toString() + 20_000))
                .startsWith("PERMISSION_DENIED");
        assertThat(probe("setpriv", "--reuid", "" + OTHER, "--regid", "" + OTHER, "--groups", groups.toString() + TEAM))
                .isEqualTo("SERVING");
    }

    private static String probe(String... prefix) throws Exception {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                Probe.class.getName(),
                socket.toString()));
        Path output = Files.createTempFile(directory, "probe", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output, StandardCharsets.UTF_8).strip();
    }

    private static String copyClassPath() throws IOException {
        List<String> copied = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path source = Path.of(entry);
            if (!Files.exists(source) || entry.contains("junit") || entry.contains("surefire")) {
                continue;
            }
            Path target = directory.resolve("cp" + copied.size() + (Files.isDirectory(source) ? "" : ".jar"));
            copyTree(source, target);
            copied.add(target.toString());
        }
        return String.join(File.pathSeparator, copied);
    }

    private static void copyTree(Path source, Path target) throws IOException {
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path found, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(target.resolve(source.relativize(found)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path found, BasicFileAttributes attributes) throws IOException {
                Path copy = found.equals(source) ? target : target.resolve(source.relativize(found));
                Files.copy(found, copy);
                Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
