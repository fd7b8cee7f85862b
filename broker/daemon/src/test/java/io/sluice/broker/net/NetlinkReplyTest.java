package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NetlinkReplyTest {
    private static final int ROUNDS = 50_000;
    private static final int SEQUENCE = 5;
    private static final String LINK = "20000000 10000200 05000000 00000000  00000000 01000000 00000000 00000000";
    private static final String REQUEST = "28000000 14000506 05000000 00000000";
    private static final String OTHER = "08000200 10000000";
    private static final String TEXT = "0c000100 6e6f206c75636b00"; // NLMSGERR_ATTR_MSG "no luck"

    @Test
    void theAnswerMayComeBehindOtherMessages() throws IOException {
        String odd = "11000000 10000200 05000000 00000000  07000000";
        String late = "24000000 02000001 04000000 00000000  eaffffff" + REQUEST;
        String answer = "24000000 02000001 05000000 00000000  00000000" + REQUEST;
        assertThat(find(LINK + odd + late + answer)).isEqualTo(new NetlinkReply(0, ""));
        assertThat(find(LINK + odd + late)).isNull();
        assertThat(find("")).isNull();
    }

    @Test
    void anErrorIsReadWithItsText() throws IOException {
        assertThat(find("38000000 02000003 05000000 00000000 eaffffff" + REQUEST + OTHER + TEXT))
                .isEqualTo(new NetlinkReply(22, "no luck"));
        assertThat(find("2c000000 02000003 05000000 00000000 eaffffff" + REQUEST + OTHER))
                .isEqualTo(new NetlinkReply(22, ""));
        assertThat(find("30000000 02000001 05000000 00000000 f0ffffff" + REQUEST + TEXT))
                .as("no attributes, says the flag")
                .isEqualTo(new NetlinkReply(16, ""));
    }

    @Test
    void wrongLengthsAndNumbersAreRefused() {
        assertRefused("0f000000 10000000 05000000 00000000", "lengths");
        assertRefused("11000000 10000000 05000000 00000000", "lengths");
        assertRefused("ffffffff 10000000 05000000 00000000", "lengths");
        assertRefused("100000", "lengths");
        assertRefused("12000000 02000000 05000000 00000000 00000000", "lengths");
        assertRefused("14000000 02000000 05000000 00000000 01000000", ": 1 is no errno");
        assertRefused("14000000 02000000 05000000 00000000 00000080", "is no errno");
        assertRefused("28000000 02000003 05000000 00000000 eaffffff" + REQUEST + "03000100", "lengths");
        assertRefused("28000000 02000003 05000000 00000000 eaffffff" + REQUEST + "05000100", "lengths");
        assertRefused("26000000 02000003 05000000 00000000 eaffffff" + REQUEST + "04000100", "lengths");
    }

    @Test
    void noBytesHangItOrReachOutside() {
        Random random = new Random(2);
        byte[] valid = bytes(LINK + "30000000 02000003 05000000 00000000 eaffffff" + REQUEST + TEXT);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            int accepted = 0;
            for (int i = 0; i < ROUNDS; i++) {
                byte[] bytes = i % 2 == 0 ? garbage(random) : mutated(random, valid);
                accepted += isRead(bytes) ? 1 : 0;
            }
            assertThat(accepted).isBetween(ROUNDS / 50, ROUNDS - ROUNDS / 50);
        });
    }

    @Test
    void noReplyMakesARequestFailOtherwise() throws IOException {
        Random random = new Random(3);
        byte[] valid = bytes("24000000 02000001 01000000 00000000  00000000" + REQUEST);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 3000; i++) {
                try (FakeKernel kernel = new FakeKernel();
                        Rtnetlink rtnetlink = new Rtnetlink(kernel.socket())) {
                    kernel.answer(mutated(random, valid));
                    kernel.acknowledge();
                    rtnetlink.exists(1);
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

    /** Whether it could be read; anything but an IOException with a message escapes. */
    private static boolean isRead(byte[] bytes) {
        try {
            NetlinkReply reply = NetlinkReply.find(direct(bytes), SEQUENCE);
            assertThat(reply == null || reply.errno() >= 0).isTrue();
            return true;
        } catch (IOException e) {
            assertThat(e).message().startsWith("netlink: ");
            return false;
        }
    }

    private static void assertRefused(String hex, String message) {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> find(hex))
                .withMessageStartingWith("netlink: ")
                .withMessageContaining(message);
    }

    private static NetlinkReply find(String hex) throws IOException {
        return NetlinkReply.find(direct(bytes(hex)), SEQUENCE);
    }

    private static ByteBuffer direct(byte... bytes) {
        return Native.allocate(bytes.length).put(0, bytes);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }
}
