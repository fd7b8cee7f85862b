package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class NetlinkMessageTest {
    @Test
    void attributesArePaddedButTheirLengthIsNot() {
        for (int length = 0; length <= 9; length++) {
            ByteBuffer whole = new NetlinkMessage(16, 0)
                    .bytes(7, new byte[length])
                    .u32(8, -1)
                    .encode(3);
            int padded = (4 + length + 3) / 4 * 4;
            assertThat(whole.remaining()).isEqualTo(16 + padded + 8).isEqualTo(whole.getInt(0));
            assertThat(whole.getInt(8)).isEqualTo(3);
            assertThat(whole.getShort(16)).isEqualTo((short) (4 + length));
            assertThat(whole.getInt(16 + padded + 4)).isEqualTo(-1);
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        NetlinkMessage full = new NetlinkMessage(16, 0).bytes(1, new byte[NetlinkMessage.MAX - 16 - 4]);
        assertThat(full.encode(1).remaining()).isEqualTo(NetlinkMessage.MAX);
        assertThatFails(() -> full.bytes(2));
        assertThatFails(() -> full.words(1));
        assertThatFails(() -> full.octets(1));
        assertThatFails(() -> full.u32(0, 1));
        assertThatFails(() -> full.nest(0, inner -> inner.u32(1, 1)));
        assertThatFails(() -> full.text(0, "x".repeat(70_000)));
    }

    @Test
    void aNestHoldsWhatIsPutInIt() {
        ByteBuffer whole = new NetlinkMessage(16, 0)
                .words(1, 2)
                .nest(18, nest -> nest.octets(9).octets(8, 7, 6).u32(2, 5))
                .u32(3, 4)
                .encode(1);
        assertThat(whole.remaining()).isEqualTo(16 + 8 + 16 + 8);
        assertThat(whole.getInt(20)).isEqualTo(2);
        assertThat(whole.getShort(24)).isEqualTo((short) 16);
        assertThat(whole.getShort(26)).isEqualTo((short) 18);
        assertThat(whole.get(28)).isEqualTo((byte) 9);
        assertThat(whole.getInt(36)).isEqualTo(5);
        assertThat(whole.getInt(44)).isEqualTo(4);
    }

    private static void assertThatFails(ThrowingCallable append) {
        assertThatExceptionOfType(BufferOverflowException.class).isThrownBy(append);
    }
}
