package io.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.sys.Affinity;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
    private static Options parse(String line, Map<String, String> environment) throws Options.UsageException {
        return Options.parse(line.isEmpty() ? new String[0] : line.split(" ", -1), environment, 1001);
    }

    @Test
    void nothingSaidMeansTheDefaultsOfTheHelpText() throws Exception {
        assertThat(parse("", Map.of()))
                .isEqualTo(new Options(
                        Path.of("/run/sluice/broker.sock"),
                        Path.of("/tmp/sluice-1001/worker.sock"),
                        "worker",
                        2048,
                        16384,
                        512,
                        new Threads(1, List.of()),
                        IdleStrategy.ADAPTIVE,
                        Options.Confine.NORMALLY,
                        java.util.Optional.empty(),
                        java.util.Optional.empty()));
    }

    @Test
    void flagsTakeNoValue() throws Exception {
        assertThat(parse("--sealed --name n", Map.of()).confine()).isEqualTo(Options.Confine.SEALED);
        assertThat(parse("--name n --no-seccomp", Map.of()).confine()).isEqualTo(Options.Confine.NOT);
        assertThatThrownBy(() -> parse("--sealed --no-seccomp", Map.of()))
                .isInstanceOf(Options.UsageException.class)
                .hasMessageContaining("--sealed is done by seccomp");
        assertThatThrownBy(() -> parse("--sealed --sealed", Map.of())).hasMessageContaining("twice");
    }

    @Test
    void everyOptionIsTaken() throws Exception {
        Options options = parse(
                "--broker /b --socket /s --name n --frames 64 --frame-size 4096 --large-frames 0 --idle spin"
                        + " --listen 127.0.0.1:8443 --tls-cert /c --tls-key /k --tls-client-ca /a",
                Map.of());
        assertThat(options.broker()).isEqualTo(Path.of("/b"));
        assertThat(options.socket()).isEqualTo(Path.of("/s"));
        assertThat(options.name()).isEqualTo("n");
        assertThat(options.frames()).isEqualTo(64);
        assertThat(options.frameSize()).isEqualTo(4096);
        assertThat(options.largeFrames()).isZero();
        assertThat(options.idle()).isEqualTo(IdleStrategy.SPIN);
        var tls = options.tls().orElseThrow();
        assertThat(tls.address().getHostString()).isEqualTo("127.0.0.1");
        assertThat(tls.address().getPort()).isEqualTo(8443);
        assertThat(tls.certificate()).isEqualTo(Path.of("/c"));
        assertThat(tls.key()).isEqualTo(Path.of("/k"));
        assertThat(tls.clientCa()).isEqualTo(Path.of("/a"));
    }

    @Test
    void threadsAreAsManyAsSaidOrAsCpusAreNamed() throws Exception {
        assertThat(parse("--threads 3", Map.of()).threads()).isEqualTo(new Threads(3, List.of()));
        assertThat(parse("--cpus 2,4-6", Map.of()).threads()).isEqualTo(new Threads(4, List.of(2, 4, 5, 6)));
        assertThat(parse("--cpus 7,0 --threads 2", Map.of()).threads()).isEqualTo(new Threads(2, List.of(7, 0)));
    }

    @Test
    void aCpuThatTheProcessMayNotUseIsNamedWithThoseThatItMay() throws Exception {
        assertThatThrownBy(() -> new Threads(1, List.of(1023)).clearCpus())
                .isInstanceOf(Options.UsageException.class)
                .hasMessage("--cpus: CPU 1023 is not one that this process may run on; those are "
                        + Threads.shown(Affinity.allowed()));
    }

    @Test
    void theWholeProcessLeavesTheCpusOfDataPathThreadsIfItHasOthers() throws Exception {
        BitSet allowed = Affinity.allowed();
        List<Integer> all = allowed.stream().boxed().toList();
        int last = all.get(all.size() - 1);
        BitSet others = (BitSet) allowed.clone();
        others.clear(last);
        try {
            new Threads(1, List.of(last)).clearCpus();
            assertThat(Affinity.allowed()).isEqualTo(others.isEmpty() ? allowed : others);
            Affinity.confineProcess(allowed);
            new Threads(all.size(), all).clearCpus();
            new Threads(1, List.of()).clearCpus();
            assertThat(Affinity.allowed()).isEqualTo(allowed);
        } finally {
            Affinity.confineProcess(allowed);
        }
    }

    @Test
    void cpusAreShownAsTheyAreTaken() {
        BitSet cpus = new BitSet();
        cpus.set(0, 4);
        cpus.set(6);
        assertThat(Threads.shown(cpus)).isEqualTo("0-3,6");
    }

    @Test
    void theCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheDefault() throws Exception {
        Map<String, String> environment =
                Map.of("SLUICE_BROKER", "/eb", "SLUICE_WORKER", "/ew", "XDG_RUNTIME_DIR", "/run/user/7");
        assertThat(parse("", environment).broker()).isEqualTo(Path.of("/eb"));
        assertThat(parse("", environment).socket()).isEqualTo(Path.of("/ew"));
        assertThat(parse("--broker /b --socket /s", environment).broker()).isEqualTo(Path.of("/b"));
        assertThat(parse("--broker /b --socket /s", environment).socket()).isEqualTo(Path.of("/s"));
        assertThat(parse("", Map.of("XDG_RUNTIME_DIR", "/run/user/7")).socket())
                .isEqualTo(Path.of("/run/user/7/sluice/worker.sock"));
    }

    @Test
    void aBracketedAddressIsAHostToo() throws Exception {
        var tls = parse("--listen [::1]:1 --tls-cert /c --tls-key /k --tls-client-ca /a", Map.of())
                .tls()
                .orElseThrow();
        assertThat(tls.address().getAddress().isLoopbackAddress()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nonsense /x | unexpected argument nonsense
            --broker /x stray | unexpected argument stray
            --broker | --broker needs a value, or is unknown
            --frames 64 --frames 65 | --frames is given twice
            --colour red | unknown option --colour
            --frames 63 | --frames 63: a number from 64 to 524288 is expected
            --frames 524289 | --frames 524289: a number from 64 to 524288 is expected
            --frames lots | --frames lots: a number from 64 to 524288 is expected
            --frames 99999999999 | --frames 99999999999: a number from 64 to 524288 is expected
            --large-frames -1 | --large-frames -1: a number from 0 to 16384 is expected
            --frame-size 1024 | --frame-size 1024: a number from 2048 to 4096 is expected
            --frame-size 3000 | --frame-size: 2048 or 4096 is expected
            --threads 0 | --threads 0: a number from 1 to 64 is expected
            --threads 2 --cpus 1 | --cpus 1: as many CPUs as threads are expected, 2
            --cpus 4-2 | --cpus 4-2: numbers and ranges are expected, as in 2,4-7
            --cpus 1,,2 | --cpus 1,,2: numbers and ranges are expected, as in 2,4-7
            --cpus 1,0-2 | --cpus 1,0-2: CPU 1 is named twice
            --threads 4 --frames 255 | --threads 4 share the frames: --frames has to be at least 256, and \
            --large-frames 0 or at least 4
            --threads 4 --large-frames 3 | --threads 4 share the frames: --frames has to be at least 256, and \
            --large-frames 0 or at least 4
            --idle sometimes | --idle: adaptive or spin is expected
            --frames 524288 --frame-size 4096 | the frame pool would exceed 2 GiB; use fewer --frames or --large-frames
            --frames 524288 --large-frames 16384 | the frame pool would exceed 2 GiB; use fewer --frames \
            or --large-frames
            --listen 127.0.0.1:1 | --listen, --tls-cert, --tls-key and --tls-client-ca go together: TCP is never \
            served without TLS
            --tls-key /k | --listen, --tls-cert, --tls-key and --tls-client-ca go together: TCP is never \
            served without TLS
            """)
    void mistakesAreNamed(String line, String message) {
        assertThatThrownBy(() -> parse(line, Map.of()))
                .isInstanceOf(Options.UsageException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"8443", ":8443", "localhost:", "localhost:https", "localhost:65536", "localhost:-1", "localhost"})
    void whereToListenIsHostAndPort(String listen) {
        String line = "--listen " + listen + " --tls-cert /c --tls-key /k --tls-client-ca /a";
        assertThatThrownBy(() -> parse(line, Map.of()))
                .isInstanceOf(Options.UsageException.class)
                .hasMessage("--listen " + listen + ": HOST:PORT is expected");
    }

    @Test
    void aHostThatDoesNotExistIsSaidAtOnce() {
        String line = "--listen no-such-host.invalid:1 --tls-cert /c --tls-key /k --tls-client-ca /a";
        assertThatThrownBy(() -> parse(line, Map.of()))
                .hasMessage("--listen no-such-host.invalid:1: there is no host of that name");
    }

    /** 2 GiB less 2048 bytes is below the limit of a buffer, but not in whole pages. */
    @Test
    void theLargestPoolStillFitsWhenItIsRoundedUpToPages() {
        assertThatThrownBy(() -> parse("--frames 524261 --large-frames 15421", Map.of()))
                .hasMessage("the frame pool would exceed 2 GiB; use fewer --frames or --large-frames");
    }

    @Test
    void theHelpTextNamesEveryOption() {
        assertThat(Options.HELP)
                .contains(
                        "--broker",
                        "--socket",
                        "--name",
                        "--frames",
                        "--frame-size",
                        "--large-frames",
                        "--threads",
                        "--cpus",
                        "--idle",
                        "--listen",
                        "--tls-cert",
                        "--tls-key",
                        "--tls-client-ca");
    }
}
