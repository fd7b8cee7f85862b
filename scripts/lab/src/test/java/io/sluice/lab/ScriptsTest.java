package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher against a made-up install and a made-up JDK, by what it would run; the other scripts' arguments. */
final class ScriptsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path SCRIPTS = Install.find().home().resolve("scripts");

    @TempDir
    private Path home;

    @BeforeEach
    void makeInstall() throws IOException {
        Files.createDirectories(home.resolve("scripts"));
        Files.copy(SCRIPTS.resolve("sluice"), home.resolve("scripts/sluice"));
        for (String module : List.of("broker/daemon", "broker/gateway", "worker", "scripts/cli")) {
            Path target = home.resolve(module).resolve("target");
            Files.createDirectories(target.resolve("lib"));
            Files.createFile(target.resolve("sluice-x-0.1.0-SNAPSHOT.jar"));
            Files.createFile(target.resolve("lib/b.jar"));
            Files.createFile(target.resolve("lib/a.jar"));
        }
        makeJdk("17.0.1");
    }

    private void makeJdk(String version) throws IOException {
        Path java = home.resolve("jdk/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, "#!/bin/sh\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(
                home.resolve("jdk/release"),
                "JAVA_VERSION=\"" + version + "\"\nJAVA_RUNTIME_VERSION=\"" + version + "+7-x\"\n");
    }

    private Finished launch(String... words) {
        return RunningProcess.run(
                new Install(home)
                        .sluice(words)
                        .with("JAVA_HOME", home.resolve("jdk").toString())
                        .with("SLUICE_DRY_RUN", "1"),
                LIMIT);
    }

    private List<String> command(String... words) {
        return launch(words).orThrow().output().lines().toList();
    }

    @Test
    void wordsThatAreNoProgramGoToTheCommandLineAsTheyAre() {
        assertThat(command("port", "add", "a b", "*")).endsWith("io.sluice.cli.Main", "port", "add", "a b", "*");
    }

    @Test
    void aPolicyIsCheckedWithTheBrokersOwnReader() {
        assertThat(command("policy", "check", "p.yaml")).endsWith("io.sluice.cli.PolicyCheck", "p.yaml");
        assertThat(command("policy", "show")).endsWith("io.sluice.cli.Main", "policy", "show");
    }

    @Test
    void theClassPathIsTheJarAndItsLibrariesInOrder() {
        Path target = home.resolve("worker/target");

        assertThat(command("worker"))
                .containsSequence(
                        "-cp",
                        target.resolve("sluice-x-0.1.0-SNAPSHOT.jar") + ":" + target.resolve("lib/a.jar") + ":"
                                + target.resolve("lib/b.jar"),
                        "io.sluice.worker.WorkerMain");
    }

    @Test
    void everyProgramRunsWithoutTheStubsThatPassAWrongArgument() {
        for (String program : List.of("broker", "gateway", "worker", "stats")) {
            assertThat(command(program)).as(program).contains("-Djnr.ffi.x86asm.enabled=false");
        }
    }

    @Test
    void onlyTheWorkerHasTheSecondCompiler() {
        assertThat(command("worker")).doesNotContain("-XX:TieredStopAtLevel=1");
        assertThat(command("broker")).contains("-XX:TieredStopAtLevel=1");
    }

    @Test
    void flagsThatStopAnOlderJavaAreLeftOut() throws IOException {
        assertThat(command("worker")).doesNotContain("--sun-misc-unsafe-memory-access=deny");
        makeJdk("25.0.3");
        assertThat(command("worker")).contains("--sun-misc-unsafe-memory-access=deny");
    }

    @Test
    void anArchiveIsUsedWhileItIsNewerThanTheProgram() throws IOException {
        Path archive = home.resolve("target/run/archive/worker-17.0.1+7-x.jsa");
        Files.createDirectories(archive.getParent());
        Files.createFile(archive);
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(command("worker")).contains("-XX:SharedArchiveFile=" + archive);

        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(60)));
        assertThat(command("worker")).doesNotContain("-XX:SharedArchiveFile=" + archive);
    }

    @Test
    void anOldJavaIsRefusedWithWhatToInstall() throws IOException {
        makeJdk("11.0.2");

        assertThat(launch("stats").exit()).isEqualTo(2);
        assertThat(launch("stats").errors())
                .contains("11.0.2")
                .contains("17 or newer")
                .contains("apt install");
    }

    @Test
    void whatIsNotBuiltIsSaidWithHowToBuildIt() throws IOException {
        Files.delete(home.resolve("worker/target/sluice-x-0.1.0-SNAPSHOT.jar"));

        assertThat(launch("worker").exit()).isEqualTo(2);
        assertThat(launch("worker").errors()).contains("worker is not built").contains("scripts/build");
    }

    @Test
    void theLauncherIsFoundThroughALink() throws IOException {
        Path link = Files.createSymbolicLink(home.resolve("link"), home.resolve("scripts/sluice"));
        Command command = Command.of(link.toString(), "stats")
                .with("JAVA_HOME", home.resolve("jdk").toString())
                .with("SLUICE_DRY_RUN", "1");

        assertThat(RunningProcess.run(command, LIMIT).orThrow().output()).contains("io.sluice.cli.Main");
    }

    @Test
    void aWrongArgumentOfAnyScriptIsNamed() {
        for (String script : List.of("test", "bench", "build", "fuzz")) {
            Finished finished =
                    RunningProcess.run(Command.of(SCRIPTS.resolve(script).toString(), "--nonsense"), LIMIT);

            assertThat(finished.exit()).as(script).isEqualTo(2);
            assertThat(finished.errors()).as(script).startsWith(script + ": ");
        }
    }

    @Test
    void everyScriptExplainsItself() {
        for (String script : List.of("quickstart", "test", "bench", "build", "fuzz")) {
            Finished finished =
                    RunningProcess.run(Command.of(SCRIPTS.resolve(script).toString(), "--help"), LIMIT);

            assertThat(finished.succeeded()).as(script).isTrue();
            assertThat(finished.output()).as(script).isNotBlank();
        }
    }
}
