package io.sluice.lab.interop.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sluice.lab.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Guests of User Mode Linux, whose root is the host's: their vector device is the peer, their stack speaks TCP. */
@Tag("interop")
final class UmlInteropTest extends LocalPeers {
    private static final String UML = "linux.uml";
    private static final Duration BOOTED = Duration.ofSeconds(60);
    private static final int SECONDS = 10;

    private static final String INIT = """
            #!/bin/sh
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin
            mount -t proc proc /proc
            mount -t tmpfs tmpfs /tmp # iperf3 makes a file there
            ip address add 10.9.0.2/24 dev vec0
            ip link set lo up
            ip link set vec0 up
            ping -c 3 -W 5 10.9.0.1 && echo guest-has-answers
            exec iperf3 -s --forceflush
            """;

    private List<String> guest(String vector) {
        Path init = Path.of(crossing().path("init.sh"));
        try {
            Files.writeString(init, INIT);
            Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return List.of(
                UML,
                "mem=128M",
                "rootfstype=hostfs",
                "rootflags=/",
                "ro",
                "init=" + init,
                "con=null",
                "con0=fd:0,fd:1",
                "uml_dir=" + crossing().path("uml"),
                "umid=peer",
                vector);
    }

    private static void needsUml() {
        needs(UML, "user-mode-linux");
        assumeFalse(
                cpuHas("amx_tile"),
                "User Mode Linux of Debian 12 panics at its first process on a CPU with AMX, as this is");
    }

    private static boolean cpuHas(String flag) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            Optional<String> flags =
                    lines.filter(line -> line.startsWith("flags")).findFirst();
            return flags.stream()
                    .flatMap(line -> Arrays.stream(line.split("\\s+")))
                    .anyMatch(flag::equals);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aGuestConnectsByBess() {
        log.speaks("UML", "bess", "listening");
        needsUml();
        crossing().worker();
        crossing().port("l", "l:transport=bess,src=" + crossing().path("w"));
        List<String> words = guest("vec0:transport=bess,dst=" + crossing().path("w") + ",depth=64");
        RunningProcess guest = crossing().peer(words.toArray(String[]::new));
        exchangeWithGuest(guest);
        assertThat(guest.isAlive()).isTrue();
    }

    @Test
    void aGuestHasTheOtherEndOfAnInheritedPair() {
        log.speaks("UML", "fd", "inherited seqpacket");
        needsUml();
        needs(PYTHON, "python3-minimal");
        List<String> before = new ArrayList<>(List.of(PYTHON, "-c", QemuLocalInteropTest.PAIR, "5"));
        before.addAll(guest("vec0:transport=fd,fd=21,depth=64"));
        before.add("--");
        RunningProcess both = crossing().worker(before.toArray(String[]::new));
        crossing().port("l", "l:transport=fd,fd=20");
        exchangeWithGuest(both);
    }

    /** @param console what the guest says can be heard there */
    private void exchangeWithGuest(RunningProcess console) {
        console.awaitLine("Server listening", BOOTED);
        assertThat(console.output()).contains("guest-has-answers");
        log.saw(crossing().pingsFromA());
        log.saw(crossing().tcpWithGuest(SECONDS));
        log.saw(crossing().drops());
    }
}
