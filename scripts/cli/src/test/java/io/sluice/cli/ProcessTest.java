package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.v1.Snapshot;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What only a process of its own shows: signals, pipes, exit codes, and that nothing else is printed. */
class ProcessTest extends CommandTest {
    private Process process;

    @AfterEach
    void endProcess() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void interruptEndsAWatchQuietly() throws Exception {
        server.endless = true;
        server.snapshots.add(Snapshot.newBuilder().setTimeNs(1).build());
        start("stats", "--watch=0.01", "--json");
        assertThat(output().readLine()).startsWith("{\"time_ns\":1");
        assertThat(new ProcessBuilder("kill", "-INT", "" + process.pid())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
        assertThat(errors()).isEmpty();
    }

    @Test
    void readerThatGoesAwayEndsAWatchQuietly() throws Exception {
        server.endless = true;
        server.snapshots.add(Snapshot.newBuilder().setTimeNs(1).build());
        start("stats", "--watch=0.01", "--json");
        try (BufferedReader output = output()) {
            assertThat(output.readLine()).startsWith("{\"time_ns\":1");
        }
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(errors()).isEmpty();
    }

    @Test
    void exitCodeIsThatOfTheCommand() throws Exception {
        start("port", "ls", "--worker", directory.resolve("none").toString());
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(errors())
                .startsWith("sluice: cannot list ports: there is no worker")
                .hasLineCount(1);
    }

    @Test
    void workerThatStopsEndsAWatchWithExitCode3() throws Exception {
        server.endless = true;
        server.snapshots.add(Snapshot.newBuilder().setTimeNs(1).build());
        start("stats", "--watch=0.01", "--json");
        BufferedReader output = output();
        assertThat(output.readLine()).startsWith("{\"time_ns\":1");
        server.close();
        while (output.readLine() != null) {
            // what was on its way
        }
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(errors()).startsWith("sluice: cannot read counters: ").hasLineCount(1);
    }

    private void start(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djnr.ffi.x86asm.enabled=false",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(directory.resolve("stderr").toFile());
        builder.environment().putAll(cli.environment);
        process = builder.start();
    }

    private BufferedReader output() {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private String errors() throws Exception {
        return Files.readString(directory.resolve("stderr"));
    }
}
