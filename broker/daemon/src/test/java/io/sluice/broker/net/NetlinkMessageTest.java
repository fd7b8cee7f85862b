package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.util.Random;
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
        assertThatIllegalStateException()
                .isThrownBy(() -> full.bytes(2))
                .withMessage("a netlink message has 1024 bytes of at most 1024, so 4 more do not fit");
        assertThatIllegalStateException().isThrownBy(() -> full.link(0, 1, 0, 0));
        assertThatIllegalStateException().isThrownBy(() -> full.traffic(0, 1, 0, 0));
        assertThatIllegalStateException().isThrownBy(() -> full.address(0, 1, 0, 0));
        assertThatIllegalStateException().isThrownBy(() -> full.route(0, 1, 0));
        assertThatIllegalStateException().isThrownBy(() -> full.u32(0, 1));
        assertThatIllegalStateException().isThrownBy(() -> full.nest(0, inner -> inner.u32(1, 1)));
        assertThatIllegalStateException().isThrownBy(() -> full.text(0, "x".repeat(70_000)));
    }

    @Test
    void aStringWithAZeroInsideIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new NetlinkMessage(16, 0).text(3, "eth0\0x"));
    }

    @Test
    void whatIsEncodedIsReadBack() throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < 2000; i++) {
            byte[] value = new byte[random.nextInt(60)];
            random.nextBytes(value);
            int number = random.nextInt();
            ByteBuffer whole = new NetlinkMessage(16, 0)
                    .link(0, number, 0, 0)
                    .nest(18, nest -> nest.bytes(1, value).u32(2, number).text(3, "name"))
                    .encode(i);
            NetlinkReply read = NetlinkReply.parse(whole).get(0);
            assertThat(read.sequence()).isEqualTo(i);
            assertThat(read.word(4)).isEqualTo(number);
            ByteBuffer nest = read.attributes(16).get(18);
            NetlinkReply inner = new NetlinkReply(0, 0, 0, nest);
            byte[] back = new byte[value.length];
            inner.attribute(0, 1, value.length).get(back);
            assertThat(back).isEqualTo(value);
            assertThat(inner.attribute(0, 2, 4).getInt(0)).isEqualTo(number);
            assertThat(inner.attribute(0, 3, 5).get(4)).isZero();
        }
    }
}
