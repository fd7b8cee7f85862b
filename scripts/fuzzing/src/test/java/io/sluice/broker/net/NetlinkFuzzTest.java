package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Effort;
import io.sluice.fuzzing.Input;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Any datagram as an answer of rtnetlink: the errno and text that a model finds, or an IOException; and any request of ours
 * is what was put in.
 *
 * <pre>
 *  input: u8 which (bit 0) | u8 sequence of the request | the datagram, or attributes, each: u8 type, u8 length | value
 * </pre>
 */
class NetlinkFuzzTest {
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final int ERROR = 2;

    @FuzzTest
    void anAnswerIsReadWithinItsBytes(byte[] bytes) {
        Input input = new Input(bytes);
        boolean reads = (input.u8() & 1) == 0;
        int sequence = input.u8();
        Effort effort = new Effort();
        if (reads) {
            read(input.rest(), sequence);
        } else {
            write(input, sequence);
        }
        effort.within(SOON);
    }

    private static void read(byte[] datagram, int sequence) {
        ByteBuffer bytes = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
        int at = answer(bytes, sequence);
        try {
            NetlinkReply reply = NetlinkReply.find(bytes, sequence);
            if (reply == null) {
                assertThat(at).isGreaterThanOrEqualTo(datagram.length);
                return;
            }
            assertThat(reply.errno()).isEqualTo(-bytes.getInt(at + 16)).isBetween(0, 4095);
            String all = new String(datagram, at, bytes.getInt(at), StandardCharsets.UTF_8);
            assertThat(reply.text()).doesNotContain("\0");
            assertThat(all).contains(reply.text());
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith("netlink: ");
        }
    }

    /** Where the answer is, or would be: behind all whole messages that are something else. */
    private static int answer(ByteBuffer bytes, int sequence) {
        int at = 0;
        while (bytes.capacity() - at >= 16) {
            int length = bytes.getInt(at);
            boolean whole = length >= 16 && length <= bytes.capacity() - at;
            if (!whole || (bytes.getShort(at + 4) == ERROR && bytes.getInt(at + 8) == sequence)) {
                return at;
            }
            at += (length + 3) & ~3;
        }
        return at;
    }

    private static void write(Input input, int sequence) {
        NetlinkMessage message = new NetlinkMessage(16, NetlinkMessage.CREATE).words(0, 7, 1, 1);
        ByteBuffer expected = ByteBuffer.allocate(NetlinkMessage.MAX).order(ByteOrder.nativeOrder());
        expected.position(16).putInt(0).putInt(7).putInt(1).putInt(1);
        while (input.left() > 1) {
            int type = input.u8();
            byte[] value = input.bytes(input.u8());
            int padded = (value.length + 3) & ~3;
            if (expected.remaining() < 4 + padded) {
                assertThatThrownBy(() -> message.bytes(type, value)).isInstanceOf(BufferOverflowException.class);
                return;
            }
            message.bytes(type, value);
            expected.putShort((short) (4 + value.length)).putShort((short) type).put(value);
            expected.position(expected.position() + padded - value.length);
        }
        expected.flip().putInt(0, expected.limit()).putShort(4, (short) 16).putShort(6, (short) 0x405);
        assertThat(message.encode(sequence)).isEqualTo(expected.putInt(8, sequence));
    }
}
