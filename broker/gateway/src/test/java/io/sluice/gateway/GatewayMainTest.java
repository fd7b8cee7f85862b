package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.sluice.control.Version;
import io.sluice.control.transport.ControlChannel;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewayMainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    @Test
    void optionsWinOverTheEnvironmentAndThatOverDefaults() throws Exception {
        assertThat(GatewayOptions.parse(List.of(), Map.of()))
                .isEqualTo(new GatewayOptions(
                        Path.of("/run/sluice/admin.sock"),
                        Path.of("/run/sluice/gateway.sock"),
                        "sluice-admin",
                        GatewayOptions.Action.SERVE));
        assertThat(GatewayOptions.parse(
                        List.of("--broker-admin", "/a", "--group=ops"),
                        Map.of("SLUICE_ADMIN", "/b", "SLUICE_GATEWAY", "/c")))
                .isEqualTo(new GatewayOptions(Path.of("/a"), Path.of("/c"), "ops", GatewayOptions.Action.SERVE));
    }

    @Test
    void unknownArgumentIsAUsageError() throws Exception {
        assertThat(run("--nonsense")).isEqualTo(2);
        assertThat(text(err)).isEqualTo("sluice-gateway: unknown argument --nonsense; see sluice gateway --help\n");
        assertThatThrownBy(() -> GatewayOptions.parse(List.of("--socket"), Map.of()))
                .hasMessage("--socket needs a value");
    }

    @Test
    void helpAndVersionArePrinted() throws Exception {
        assertThat(run("--help")).isZero();
        assertThat(run("--version")).isZero();
        assertThat(text(out)).startsWith("Usage: sluice gateway").endsWith("\nsluice-gateway " + Version.text() + "\n");
    }

    @Test
    void trainingServesOnceAndLeavesNothing() throws Exception {
        assertThat(run("--train")).isZero();
        assertThat(text(out) + text(err)).isEmpty();
    }

    @Test
    void socketThatCannotBeMadeIsAClearError() throws Exception {
        Path socket = Files.writeString(directory.resolve("file"), "x");
        assertThat(run("--socket", socket.toString())).isEqualTo(1);
        assertThat(text(err))
                .isEqualTo("sluice-gateway: cannot start: " + socket
                        + " exists and is not a socket; remove it or choose another path\n");
    }

    @Test
    void processPrintsThatItIsReadyServesAndRemovesItsSocketAtTheEnd() throws Exception {
        Path socket = directory.resolve("gateway.sock");
        Process process = start(socket, "no-such-group");
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("sluice-gateway ready: unix:" + socket);
            ManagedChannel channel = ControlChannel.open(socket);
            try {
                HealthGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(20, TimeUnit.SECONDS)
                        .check(HealthCheckRequest.getDefaultInstance());
            } finally {
                channel.shutdownNow();
            }
            process.destroy(); // SIGTERM
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(socket).doesNotExist();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @Tag("kernel")
    void rootGivesTheSocketToTheGroup() throws Exception {
        Path socket = directory.resolve("gateway.sock");
        Process process = start(socket, "daemon");
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).startsWith("sluice-gateway ready");
            PosixFileAttributes attributes = Files.readAttributes(socket, PosixFileAttributes.class);
            assertThat(attributes.group().getName()).isEqualTo("daemon");
            assertThat(PosixFilePermissions.toString(attributes.permissions())).isEqualTo("rw-rw----");
        } finally {
            process.destroy();
            process.waitFor(20, TimeUnit.SECONDS);
            process.destroyForcibly();
        }
    }

    private Process start(Path socket, String group) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djnr.ffi.x86asm.enabled=false",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        GatewayMain.class.getName(),
                        "--broker-admin",
                        directory.resolve("admin.sock").toString(),
                        "--socket",
                        socket.toString(),
                        "--group",
                        group)
                .redirectError(directory.resolve("stderr").toFile())
                .start();
    }

    private int run(String... args) throws InterruptedException {
        return GatewayMain.run(
                List.of(args),
                Map.of(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }
}
