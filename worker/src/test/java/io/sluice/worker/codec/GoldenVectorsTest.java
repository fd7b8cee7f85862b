package io.sluice.worker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers as UML, QEMU, Open vSwitch and the kernel sent them: ours are the same, and theirs are understood. */
class GoldenVectorsTest {
    private static final OptionalInt NO_KEY = OptionalInt.empty();

    static Stream<Arguments> vectors() {
        return Stream.of(
                vector("00006558", Tunnel.gre(NO_KEY, Counting.NONE, 0)),
                vector("20006558 55667788", Tunnel.gre(OptionalInt.of(0x55667788), Counting.NONE, 0)),
                vector("10006558 00000001, 10006558 00000002", Tunnel.gre(NO_KEY, Counting.COUNTED, 1)),
                vector("30006558 00000002 00000001", Tunnel.gre(OptionalInt.of(2), Counting.COUNTED, 1)),
                vector(
                        "30006558 00000002 00000000, 30006558 00000002 00000000",
                        Tunnel.gre(OptionalInt.of(2), Counting.PINNED, 1)),
                vector(
                        "30006558 11223344 00000000, 30006558 11223344 00000001",
                        Tunnel.gre(OptionalInt.of(0x11223344), Counting.COUNTED, 0)),
                vector("00030000 55667788", Tunnel.l2tp(true, Tunnel.cookie(0, 0), Counting.NONE)),
                vector("00030000 55667788 01020304", Tunnel.l2tp(true, Tunnel.cookie(4, 0x01020304), Counting.NONE)),
                vector(
                        "00030000 55667788 1112131415161718",
                        Tunnel.l2tp(true, Tunnel.cookie(8, 0x1112131415161718L), Counting.NONE)),
                vector(
                        "00030000 55667788 00000001, 00030000 55667788 00000002",
                        Tunnel.l2tp(true, Tunnel.cookie(0, 0), Counting.COUNTED)),
                vector(
                        "00030000 55667788 00000000, 00030000 55667788 00000000",
                        Tunnel.l2tp(true, Tunnel.cookie(0, 0), Counting.PINNED)),
                vector("00030000 55667788 00000002 00000001", Tunnel.l2tp(true, Tunnel.cookie(4, 2), Counting.COUNTED)),
                vector("55667788", Tunnel.l2tp(false, Tunnel.cookie(0, 0), Counting.NONE)),
                vector("55667788 00000002 00000001", Tunnel.l2tp(false, Tunnel.cookie(4, 2), Counting.COUNTED)),
                vector("08000000 00002a00", new Encapsulation.Vxlan(42)),
                vector("0c000003 00002a00", new Encapsulation.VxlanGpe(42, Optional.empty())),
                vector("00006558 00000700", new Encapsulation.Geneve(7)),
                vector(
                        "0c000004 00002a00 0fc60103 00007bff" + "00".repeat(16),
                        new Encapsulation.VxlanGpe(42, Optional.of(Tunnel.nsh(1)))),
                vector(
                        "0000894f 0fc20203 00007bff",
                        new Encapsulation.Gre(NO_KEY, NO_KEY, Counting.NONE, 0, false, Optional.of(Tunnel.nsh(2)))),
                vector(
                        "020000000002 020000000001 894f 0fc60103 00007bff" + "00".repeat(16),
                        new Encapsulation.NshEthernet(0x020000000002L, 0x020000000001L, Tunnel.nsh(1))));
    }

    private static Arguments vector(String headers, Encapsulation encapsulation) {
        return Arguments.of(headers, encapsulation);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void headersAreThoseThatOthersSend(String headers, Encapsulation encapsulation) {
        Tunnel sender = new Tunnel(encapsulation);
        Tunnel receiver = new Tunnel(encapsulation);
        for (String header : headers.replace(" ", "").split(",", -1)) {
            assertThat(sender.header()).isEqualTo(header);
            assertThat(receiver.receive(header)).isEqualTo("010203");
        }
    }

    @Test
    void theGreChecksumIsThatOfOpenVSwitch() {
        byte[] frame = new byte[14 + 46];
        Arrays.fill(frame, 0, 6, (byte) 0xff);
        frame[6] = 2;
        frame[11] = 1;
        frame[12] = 8;
        frame[13] = 6;
        Arrays.fill(frame, 14, frame.length, (byte) 0x41);
        Tunnel tunnel = new Tunnel(new Encapsulation.Gre(NO_KEY, NO_KEY, Counting.NONE, 0, true, Optional.empty()));
        byte[] packet = tunnel.encapsulate(frame);
        assertThat(HexFormat.of().formatHex(packet, 0, 8)).isEqualTo("8000655833c30000");
        assertThat(tunnel.receive(packet)).isEqualTo(frame);
        packet[20] ^= 1;
        assertThat(tunnel.receive(packet)).isEqualTo(Drop.CHECKSUM);
    }

    @Test
    void thePaddingOfQemuIsSkippedWhateverItHolds() {
        Tunnel tunnel = new Tunnel(
                new Encapsulation.L2tpv3(true, 7, 7, Tunnel.cookie(0, 0), Tunnel.cookie(0, 0), Counting.COUNTED, 1, 6));
        assertThat(tunnel.header()).isEqualTo("0003000000000007" + "00000001" + "000000000000");
        assertThat(tunnel.receive("00030000 00000007 00000009 a1b2c3d4e5f6")).isEqualTo("010203");
    }

    @Test
    void geneveOptionsAreSkipped() {
        Tunnel tunnel = new Tunnel(new Encapsulation.Geneve(7));
        assertThat(tunnel.receive("03006558 00000700 0102 03 01 aaaaaaaa 0103 7f 00"))
                .isEqualTo("010203");
        assertThat(tunnel.receive("02006558 00000700 0102 83 01 aaaaaaaa")).isEqualTo(Drop.CRITICAL);
    }
}
