package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NetlinkReplyTest {
    private static final int ROUNDS = 50_000;
    private static final String REQUEST = "28000000 14000506 01000000 00000000";
    private static final String TEXT = "0c000100 6e6f206c75636b00"; // NLMSGERR_ATTR_MSG "no luck"

    @Test
    void aDatagramMayHoldSeveralMessages() throws IOException {
        List<NetlinkReply> replies = parse("""
                20000000 10000200 05000000 00000000  00000000 01000000 00000000 00000000
                11000000 10000200 05000000 00000000  07000000
                14000000 03000200 05000000 00000000  00000000
                """);
        assertThat(replies).extracting(NetlinkReply::isLast).containsExactly(false, false, true);
        assertThat(replies.get(0).word(4)).isEqualTo(1);
        assertThat(replies.get(1).payload().capacity()).isEqualTo(1);
        assertThat(replies.get(2).errno()).isZero();
    }

    @Test
    void anErrorIsReadWithItsTextCappedOrNot() throws IOException {
        NetlinkReply capped = parse("30000000 02000003 01000000 00000000 eaffffff" + REQUEST + TEXT)
                .get(0);
        assertThat(capped.errno()).isEqualTo(22);
        assertThat(capped.text()).isEqualTo("no luck");
        String rest = "0102030405060708090a0b0c0d0e0f101112131415161718";
        NetlinkReply whole = parse("48000000 02000002 01000000 00000000 eaffffff" + REQUEST + rest + TEXT)
                .get(0);
        assertThat(whole.text()).isEqualTo("no luck");
        NetlinkReply dump =
                parse("20000000 03000202 01000000 00000000 f0ffffff" + TEXT).get(0);
        assertThat(dump.errno()).isEqualTo(16);
        assertThat(dump.text()).isEqualTo("no luck");
        NetlinkReply without =
                parse("24000000 02000001 01000000 00000000 eaffffff" + REQUEST).get(0);
        assertThat(without.text()).isEmpty();
    }

    @Test
    void wrongLengthsAreNamed() {
        assertRefused("0f000000 10000000 00000000 00000000", "a length of 15 for a message");
        assertRefused("11000000 10000000 00000000 00000000", "a length of 17 for a message");
        assertRefused("ffffffff 10000000 00000000 00000000", "a length of -1 for a message");
        assertRefused("100000", "a length of 0 for a message");
        assertRefused("14000000 02000000 00000000 00000000 01000000", ": 1 is no errno");
        assertRefused("14000000 02000000 00000000 00000000 00000080", "is no errno");
        assertRefused("12000000 02000000 00000000 00000000 00000000", "for a payload");
        String error = "24000000 02000002 00000000 00000000 eaffffff";
        assertRefused(error + "ffffffff 00000000 00000000 00000000", "a length of -1 for the request");
        assertRefused(error + "fdffff7f 00000000 00000000 00000000", "a length of 2147483645 for the request");
        assertRefused(error + "04000000 00000000 00000000 00000000", "a length of 4 for the request");
        assertRefused(
                "28000000 02000002 00000000 00000000 eaffffff" + REQUEST.replace("28", "10") + "03000100",
                "a length of 3 for an attribute");
        assertRefused(
                "28000000 02000003 00000000 00000000 eaffffff" + REQUEST + "05000100",
                "a length of 5 for an attribute");
    }

    @Test
    void noBytesHangItOrReachOutside() {
        Random random = new Random(2);
        byte[] valid = bytes("2c000000 10000200 05000000 00000000  00000000 01000000 00000000 00000000" + TEXT
                + "30000000 02000003 01000000 00000000 eaffffff" + REQUEST + TEXT);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            int accepted = 0;
            for (int i = 0; i < ROUNDS; i++) {
                byte[] bytes = i % 2 == 0 ? garbage(random) : mutated(random, valid);
                accepted += readAll(bytes) ? 1 : 0;
            }
            assertThat(accepted).isBetween(ROUNDS / 50, ROUNDS - ROUNDS / 50);
        });
    }

    @Test
    void noReplyMakesARequestFailOtherwise() throws IOException {
        Random random = new Random(3);
        byte[] valid = bytes("2c000000 10000200 01000000 00000000  00000000 01000000 00000000 00000000" + TEXT);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 3000; i++) {
                try (FakeKernel kernel = new FakeKernel();
                        Rtnetlink rtnetlink = new Rtnetlink(kernel.socket())) {
                    kernel.answer(mutated(random, valid));
                    kernel.acknowledge();
                    if (i % 2 == 0) {
                        rtnetlink.mtu(1);
                    } else {
                        rtnetlink.ifindex("v0");
                    }
                } catch (IOException e) {
                    assertThat(e).message().isNotBlank();
                }
            }
        });
    }

    private static byte[] garbage(Random random) {
        byte[] bytes = new byte[random.nextInt(80)];
        random.nextBytes(bytes);
        if (bytes.length > 20 && random.nextBoolean()) {
            bytes[0] = (byte) random.nextInt(bytes.length + 1);
            bytes[1] = bytes[2] = bytes[3] = bytes[17] = 0; // so that some get past the first length
            bytes[4] = (byte) random.nextInt(5);
            bytes[5] = 0;
        }
        return bytes;
    }

    private static byte[] mutated(Random random, byte[] valid) {
        byte[] bytes = java.util.Arrays.copyOf(valid, valid.length - (random.nextInt(4) == 0 ? random.nextInt(20) : 0));
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    /** Whether all of it could be read; anything but an IOException with a message escapes. */
    private static boolean readAll(byte[] bytes) {
        try {
            for (NetlinkReply reply : NetlinkReply.parse(direct(bytes))) {
                if (reply.isLast()) {
                    reply.errno();
                    reply.text();
                } else {
                    reply.word(0);
                    reply.attributes(16).values().forEach(value -> value.get(new byte[value.capacity()]));
                }
            }
            return true;
        } catch (IOException e) {
            assertThat(e).message().startsWith("netlink: ");
            return false;
        }
    }

    private static void assertRefused(String hex, String message) {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> {
                    NetlinkReply reply = parse(hex).get(0);
                    reply.errno();
                    reply.text();
                })
                .withMessageStartingWith("netlink: ")
                .withMessageContaining(message);
    }

    private static List<NetlinkReply> parse(String hex) throws IOException {
        return NetlinkReply.parse(direct(bytes(hex)));
    }

    private static ByteBuffer direct(byte... bytes) {
        return Native.allocate(bytes.length).put(0, bytes);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }
}
