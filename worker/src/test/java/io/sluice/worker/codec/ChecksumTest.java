package io.sluice.worker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChecksumTest {
    private static final int SIZE = 70_000;

    /** RFC 1071, section 4.1, read aloud. */
    static int reference(ByteBuffer bytes, int offset, int length) {
        long sum = 0;
        for (int i = 0; i < length; i += 2) {
            int high = bytes.get(offset + i) & 0xff;
            int low = i + 1 < length ? bytes.get(offset + i + 1) & 0xff : 0;
            sum += high << 8 | low;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }

    @Test
    void theExampleOfRfc1071() {
        ByteBuffer bytes = Native.allocate(8).put(0, HexFormat.of().parseHex("0001f203f4f5f6f7"));
        assertThat(Checksum.fold(Checksum.sum(bytes, 0, 8))).isEqualTo(0xddf2);
    }

    @Test
    void anIpv4HeaderWithItsChecksumSumsToAllOnes() {
        // the header of RFC-style examples everywhere: 192.168.0.1 to 192.168.0.199, checksum b861
        byte[] header = HexFormat.of().parseHex("45000073000040004011b861c0a80001c0a800c7");
        ByteBuffer bytes = Native.allocate(20).put(0, header);
        assertThat(Checksum.fold(Checksum.sum(bytes, 0, 20))).isEqualTo(0xffff);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void randomLengthsAndOffsetsAgreeWithTheReferenceInBothByteOrders(boolean little) {
        Random random = new Random(1071);
        ByteBuffer bytes = Native.allocate(SIZE).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        byte[] content = new byte[SIZE];
        random.nextBytes(content);
        bytes.put(0, content);
        for (int i = 0; i < 5_000; i++) {
            int length = random.nextInt(i % 10 == 0 ? 66_000 : 100);
            int offset = random.nextInt(SIZE - length);
            assertThat(Checksum.fold(Checksum.sum(bytes, offset, length)))
                    .as("%d bytes at %d", length, offset)
                    .isEqualTo(reference(bytes, offset, length));
        }
    }

    @Test
    void everyShortLengthAtEveryAlignment() {
        ByteBuffer bytes = Native.allocate(64);
        for (int i = 0; i < 64; i++) {
            bytes.put(i, (byte) (0x81 + 7 * i));
        }
        for (int offset = 0; offset < 9; offset++) {
            for (int length = 0; length < 40; length++) {
                assertThat(Checksum.fold(Checksum.sum(bytes, offset, length)))
                        .as("%d bytes at %d", length, offset)
                        .isEqualTo(reference(bytes, offset, length));
            }
        }
    }

    @Test
    void carriesAreNotLostInTheLongestPacketOfAllOnes() {
        ByteBuffer bytes = Native.allocate(65_536);
        for (int i = 0; i < 65_536; i++) {
            bytes.put(i, (byte) 0xff);
        }
        assertThat(Checksum.fold(Checksum.sum(bytes, 0, 65_535))).isEqualTo(reference(bytes, 0, 65_535));
    }

    @Test
    void foldingCarriesAround() {
        assertThat(Checksum.fold(0)).isZero();
        assertThat(Checksum.fold(0xffff)).isEqualTo(0xffff);
        assertThat(Checksum.fold(0x1_0000)).isEqualTo(1);
        assertThat(Checksum.fold(0x1_ffff)).isEqualTo(1);
        assertThat(Checksum.fold(0xffff_ffffL)).isEqualTo(0xffff);
    }
}
