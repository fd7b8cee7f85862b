package io.sluice.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Guests of User Mode Linux: each end of what two of them say to each other, and to the host, is a vector device. All transports
 * are at it at the same time, as the guests have a device of each.
 */
@Tag("interop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class UmlInteropTest {
    @RegisterExtension
    final InteropLog log = new InteropLog();

    private boolean tried;
    private UmlNetwork network;

    private static void needs(String program, String debian) {
        assumeTrue(Ferry.has(program), program + " is not installed (Debian: " + debian + ")");
    }

    private static boolean cpuHas(String flag) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            Optional<String> flags =
                    lines.filter(line -> line.startsWith("flags")).findFirst();
            return flags.stream()
                    .flatMap(line -> Arrays.stream(line.split("\\s+")))
                    .anyMatch(flag::equals);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(quoteCharacter = '"', textBlock = """
            gre,        "keys, sequence",                   GRE,    1
            gre,        plain,                              GRE,    2
            l2tpv3 udp, "64-bit cookie, counter",           L2TPV3, 1
            l2tpv3 ip,  32-bit cookie,                      L2TPV3, 2
            bess,       listening,                          BESS,   1
            fd,         inherited seqpacket,                FD,     1
            """)
    void guestsReachEachOtherAndTheHost(String transport, String how, UmlTransport device, int guest) {
        log.speaks("UML", transport, how);
        needs(UmlGuest.PROGRAM, "user-mode-linux");
        needs("/usr/bin/python3", "python3-minimal");
        assumeFalse(
                cpuHas("amx_tile"),
                "User Mode Linux of Debian 12 panics at its first process on a CPU with AMX, as this is");
        if (!tried) {
            tried = true;
            network = UmlNetwork.talking();
        }
        assertThat(network).as("a network whose guests have talked").isNotNull();
        UmlNetwork.Talk talk = network.talk(device);
        log.saw(talk.toString());
        log.saw(network.drops(device, guest));
        assertThat(talk.slowest()).as("the slowest of the streams, Gbit/s").isPositive();
        assertThat(network.unaccounted()).as("packets unaccounted for").isZero();
    }

    @AfterAll
    void close() {
        if (network != null) {
            network.close();
        }
    }
}
