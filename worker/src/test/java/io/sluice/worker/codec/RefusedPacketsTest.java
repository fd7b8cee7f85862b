package io.sluice.worker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must not get in, and the reason that is counted for each. */
class RefusedPacketsTest {
    private static final Object OTHER_TUNNEL = Optional.empty();

    @ParameterizedTest
    @CsvSource({
        "20006558 00000005, ",
        "20006558 00000006, KEY",
        "00006558, KEY",
        "20016558 00000005, VERSION",
        "60006558 00000005, FLAGS",
        "28006558 00000005, FLAGS",
        "24006558 00000005, FLAGS",
        "23f86558 00000005, ",
        "20000800 00000005, PROTOCOL",
        "2000894f 00000005, SHORT",
        "2000894f 00000005 0fc20203 00007bff, KEY",
        "20006558, SHORT",
        "b0006558 12340000 00000005, SHORT",
    })
    void gre(String header, String reason) {
        expect(new Tunnel(Tunnel.gre(OptionalInt.of(5), Counting.NONE, 0)), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "00030000 55667788 01020304, ",
        "00030000 55667789 01020304, KEY",
        "00030000 55667788 01020305, COOKIE",
        "00030000 55667788, SHORT",
        "80030000 55667788 01020304, CONTROL",
        "c8030014 00000000 00000000, CONTROL",
        "00020000 55667788 01020304, VERSION",
        "0003, SHORT",
        "70f3beef 55667788 01020304, ",
    })
    void l2tpv3OverUdp(String header, String reason) {
        expect(new Tunnel(Tunnel.l2tp(true, Tunnel.cookie(4, 0x01020304), Counting.NONE)), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "55667788 1112131415161718, ",
        "55667788 1112131415161719, COOKIE",
        "55667788 0112131415161718, COOKIE",
        "00000000 1112131415161718, CONTROL",
        "55667788 111213, SHORT",
    })
    void l2tpv3OverIp(String header, String reason) {
        expect(new Tunnel(Tunnel.l2tp(false, Tunnel.cookie(8, 0x1112131415161718L), Counting.NONE)), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "08000000 00002a00, ",
        "08000000 00002b00, KEY",
        "00000000 00002a00, FLAGS",
        "0c000004 00002a00, FLAGS",
        "88000000 00002a00, FLAGS",
        "08000100 00002a00, FLAGS",
        "08000000 00002a01, FLAGS",
        "08000000, SHORT",
    })
    void vxlan(String header, String reason) {
        expect(new Tunnel(new Encapsulation.Vxlan(42)), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "0c000003 00002a00, ",
        "08000000 00002a00, ",
        "0e000003 00002a00, ",
        "0c000003 00002b00, KEY",
        "0c000001 00002a00, PROTOCOL",
        "0c000004 00002a00, SHORT",
        "0c000004 00002a00 0fc20203 00007bff, KEY",
        "1c000003 00002a00, VERSION",
        "0d000003 00002a00, CONTROL",
        "04000003 00002a00, FLAGS",
        "4c000003 00002a00, FLAGS",
        "0c010003 00002a00, FLAGS",
        "0c000003 00002a09, FLAGS",
        "0c0000, SHORT",
    })
    void vxlanGpe(String header, String reason) {
        expect(new Tunnel(new Encapsulation.VxlanGpe(42, Optional.empty())), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "00006558 00000700, ",
        "003f6558 000007ff, ",
        "00006558 00000800, KEY",
        "40006558 00000700, VERSION",
        "00806558 00000700, CONTROL",
        "00000800 00000700, PROTOCOL",
        "02006558 00000700, SHORT",
        "01406558 00000700 00008000, CRITICAL",
        "01006558 00000700 00000001, HEADER",
        "0000, SHORT",
    })
    void geneve(String header, String reason) {
        expect(new Tunnel(new Encapsulation.Geneve(7)), header, reason);
    }

    @ParameterizedTest
    @CsvSource({
        "0fc20203 00007bff, ",
        "00020203 00007bff, ", // a TTL of 0 wraps to 63
        "00420203 00007bff, TTL",
        "0fc30203 00007bff 00000000, ",
        "0fc10203 00007bff, HEADER",
        "0fc20103 00007bff, HEADER",
        "0fc20003 00007bff, HEADER",
        "0fc20f03 00007bff, HEADER",
        "0fff0203 00007bff, SHORT",
        "0fc2, SHORT",
        "4fc20203 00007bff, VERSION",
        "2fc20203 00007bff, CONTROL",
        "0fc20201 00007bff, PROTOCOL",
        "0fc20203 00007cff, KEY",
        "0fc20203 00007b00, SERVICE_PATH",
    })
    void nsh(String header, String reason) {
        Tunnel tunnel = new Tunnel(new Encapsulation.VxlanGpe(42, Optional.of(Tunnel.nsh(2))));
        expect(tunnel, "0c000004 00002a00" + header, reason);
    }

    @Test
    void aServiceIndexThatIsAskedForIsTheOnlyOne() {
        Nsh nsh = new Nsh(2, 123, OptionalInt.of(254), 123, 255, 63, 0, 0);
        Tunnel tunnel = new Tunnel(new Encapsulation.NshEthernet(1, 2, nsh));
        String ethernet = "000000000001 000000000002 894f";
        expect(tunnel, ethernet + "0fc20203 00007bfe", null);
        expect(tunnel, ethernet + "0fc20203 00007bff", "SERVICE_PATH");
        expect(tunnel, ethernet + "0fc20203 000001fe", "KEY");
        expect(tunnel, "000000000001 000000000002 0800 0fc20203 00007bfe", "PROTOCOL");
    }

    private static void expect(Tunnel tunnel, String header, String reason) {
        Object outcome = tunnel.receive(header);
        if (reason == null) {
            assertThat(outcome).isEqualTo("010203");
        } else {
            assertThat(outcome).isEqualTo(reason.equals("KEY") ? OTHER_TUNNEL : Drop.valueOf(reason));
        }
    }

    @Test
    void valuesThatNoHeaderHoldsAreNoConfiguration() {
        refuse(() -> new Encapsulation.Vxlan(1 << 24), "VNI 16777216: 0 to 16777215 are possible");
        refuse(() -> new Encapsulation.Geneve(-1), "VNI 4294967295: 0 to 16777215 are possible");
        refuse(() -> new Encapsulation.Cookie(5, 0), "a cookie of 5 bytes; 0, 4 and 8 exist");
        refuse(() -> new Encapsulation.Cookie(4, 1L << 32), "cookie 100000000 is longer than 4 bytes");
        refuse(() -> new Encapsulation.Cookie(0, 1), "cookie 1 is longer than 0 bytes");
        refuse(
                () -> new Encapsulation.L2tpv3(
                        true, 0, 1, Tunnel.cookie(0, 0), Tunnel.cookie(0, 0), Counting.NONE, 0, 0),
                "session 0 is for L2TP's control messages; 1 to 4294967295");
        refuse(
                () -> new Encapsulation.L2tpv3(
                        true, 1, 1, Tunnel.cookie(0, 0), Tunnel.cookie(0, 0), Counting.NONE, 0, 201),
                "offset 201: 0 to 200 are possible");
        refuse(() -> new Nsh(3, 1, OptionalInt.empty(), 1, 1, 63, 0, 0), "MD type 3: 1 and 2 exist");
        refuse(() -> new Nsh(1, 1, OptionalInt.empty(), 1, 0, 63, 0, 0), "a service index: 1 to 255");
        refuse(
                () -> new Nsh(1, 1 << 24, OptionalInt.empty(), 1, 1, 63, 0, 0),
                "a service path has 24 bits: 0 to 16777215");
        refuse(() -> new Nsh(1, 1, OptionalInt.empty(), 1, 1, 64, 0, 0), "TTL 64: 1 to 63 are possible");
        refuse(() -> new Encapsulation.NshEthernet(1L << 48, 0, Tunnel.nsh(1)), "a MAC address has 48 bits");
    }

    private static void refuse(org.assertj.core.api.ThrowableAssert.ThrowingCallable make, String message) {
        assertThatThrownBy(make).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aForwarderTakesAHopAndAServiceFunctionAStep(int steps) {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(24);
        Tunnel.nsh(1).write(bytes, 0);
        assertThat(Nsh.forward(bytes, 0, 24, steps)).isEqualTo(24);
        assertThat(bytes.getLong(0)).isEqualTo(0x0f860103_00007b00L | (255 - steps));
        assertThat(Nsh.forward(bytes, 0, 24, 255)).isEqualTo(Drop.SERVICE_PATH.code());
        bytes.putShort(0, (short) 0x0046);
        assertThat(Nsh.forward(bytes, 0, 24, steps)).isEqualTo(Drop.TTL.code());
        assertThat(Nsh.forward(bytes, 0, 7, steps)).isEqualTo(Drop.SHORT.code());
    }

    @Test
    void everyReasonIsFoundByItsCode() {
        for (Drop drop : Drop.values()) {
            assertThat(drop.code()).isNegative();
            assertThat(Drop.of(drop.code())).isSameAs(drop);
        }
    }
}
