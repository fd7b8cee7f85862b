package io.sluice.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Effort;
import io.sluice.fuzzing.Input;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Any datagram as an answer of rtnetlink: messages and attributes that are where a model finds them, or an IOException; and
 * any request of ours reads back as what was put in.
 *
 * <pre>
 *  input: u8 which (bit 0) | u8 bytes of the family header | the datagram, or attributes, each: u8 type, u8 length | value
 * </pre>
 */
class NetlinkFuzzTest {
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final int TYPE = 0x3fff;

    @FuzzTest
    void anAnswerIsReadWithinItsBytes(byte[] bytes) throws IOException {
        Input input = new Input(bytes);
        boolean reads = (input.u8() & 1) == 0;
        int header = input.u8() % 64;
        Effort effort = new Effort();
        if (reads) {
            read(input.rest(), header);
        } else {
            writeAndRead(input);
        }
        effort.within(SOON);
    }

    private static void read(byte[] datagram, int header) {
        ByteBuffer bytes = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
        List<NetlinkReply> replies;
        try {
            replies = NetlinkReply.parse(bytes);
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith("netlink: ");
            return;
        }
        int at = 0;
        for (NetlinkReply reply : replies) {
            int length = bytes.getInt(at);
            assertThat(length).isBetween(16, datagram.length - at);
            assertThat(reply.type()).isEqualTo(bytes.getShort(at + 4) & 0xffff);
            assertThat(reply.sequence()).isEqualTo(bytes.getInt(at + 8));
            assertThat(reply.payload().capacity()).isEqualTo(length - 16);
            check(reply, header);
            at += (length + 3) & ~3;
        }
        assertThat(at).isGreaterThanOrEqualTo(datagram.length);
    }

    private static void check(NetlinkReply reply, int header) {
        try {
            assertThat(reply.errno()).isBetween(0, 4095);
            assertThat(reply.text()).doesNotContain("\0");
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith("netlink: ");
        }
        try {
            int total = reply.attributes(header).values().stream()
                    .mapToInt(value -> value.capacity() + 4)
                    .sum();
            assertThat(total).isLessThanOrEqualTo(reply.payload().capacity() - header);
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith("netlink: ");
        }
    }

    private static void writeAndRead(Input input) throws IOException {
        NetlinkMessage message = new NetlinkMessage(16, NetlinkMessage.CREATE).link(0, 7, 1, 1);
        Map<Integer, byte[]> wanted = new HashMap<>();
        int room = NetlinkMessage.MAX - 32;
        while (input.left() > 1) {
            int type = input.u8();
            byte[] value = input.bytes(input.u8());
            room -= 4 + ((value.length + 3) & ~3);
            if (room < 0) {
                break;
            }
            message.bytes(type, value);
            wanted.put(type & TYPE, value);
        }
        NetlinkReply reply = NetlinkReply.parse(message.encode(5)).get(0);
        assertThat(reply.sequence()).isEqualTo(5);
        Map<Integer, ByteBuffer> found = reply.attributes(16);
        assertThat(found).containsOnlyKeys(wanted.keySet());
        wanted.forEach((type, value) -> {
            byte[] bytes = new byte[found.get(type).capacity()];
            found.get(type).get(0, bytes);
            assertThat(bytes).isEqualTo(value);
        });
    }
}
