package io.sluice.grant.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Framing, over a real pair of sockets: one end is the channel, the other writes bytes as it likes. */
class FrameChannelTest {
    private static final int LIMIT = 1000;

    private List<String> before;
    private Fd raw;
    private FrameChannel channel;

    @BeforeEach
    void connect() throws IOException {
        before = Descriptors.open();
        List<Fd> pair = Descriptors.socketPair();
        raw = pair.get(0);
        channel = new FrameChannel(pair.get(1), LIMIT);
    }

    @AfterEach
    void nothingStaysOpen() throws IOException {
        channel.close();
        raw.close();
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    @Test
    void aFrameThatComesByteByByteIsReadOnce() throws IOException {
        byte[] bytes = frame("hello");
        for (int i = 0; i < bytes.length; i++) {
            assertThat(channel.receive()).as("after %d bytes", i).isNull();
            assertThat(channel.midFrame()).isEqualTo(i > 0);
            write(bytes[i]);
        }
        assertThat(text(channel.receive())).isEqualTo("hello");
        assertThat(channel.midFrame()).isFalse();
        assertThat(channel.receive()).isNull();
    }

    @Test
    void framesInOneWriteAreReadOneByOne() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(100_000);
        for (int i = 0; i < 5000; i++) {
            bytes.put(frame("frame " + i));
        }
        write(Arrays.copyOf(bytes.array(), bytes.position()));
        for (int i = 0; i < 5000; i++) {
            assertThat(text(channel.receive())).isEqualTo("frame " + i);
        }
        assertThat(channel.receive()).isNull();
    }

    @Test
    void aFrameOfTheLimitPasses() throws IOException {
        write(frame("x".repeat(LIMIT)));
        assertThat(text(channel.receive())).hasSize(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, LIMIT + 1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aLengthThatNobodyMayHaveEndsTheConnection(int length) throws IOException {
        write(ByteBuffer.allocate(4).putInt(length).array());
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(channel::receive)
                .withMessage("frame of " + Integer.toUnsignedString(length) + " bytes; 1 to 1000 are allowed");
    }

    @Test
    void theEndBetweenFramesIsAnEnd() throws IOException {
        write(frame("last"));
        raw.close();
        assertThat(text(channel.receive())).isEqualTo("last");
        assertThatExceptionOfType(EOFException.class).isThrownBy(channel::receive);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 8})
    void theEndWithinAFrameIsAnOffence(int length) throws IOException {
        write(Arrays.copyOf(frame("hello"), length));
        raw.close();
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(channel::receive)
                .withMessage("connection closed in the middle of a frame");
    }

    @Test
    void aLargeReplyArrivesInSeveralReads() throws IOException {
        byte[] large = new byte[FrameChannel.MAX_REPLY];
        Arrays.fill(large, (byte) 7);
        large[large.length - 1] = 8;
        try (FrameChannel client = new FrameChannel(raw.duplicate(), FrameChannel.MAX_REPLY)) {
            channel.send(large, List.of());
            int flushes = 0;
            byte[] frame = null;
            while (frame == null) {
                channel.flush();
                flushes++;
                frame = client.receive();
            }
            assertThat(flushes).as("the socket took it in parts").isGreaterThan(1);
            assertThat(frame).isEqualTo(large);
            assertThat(channel.flush()).isTrue();
            assertThat(channel.queuedBytes()).isZero();
        }
    }

    @Test
    void framesQueueUpWhileThePeerDoesNotRead() throws IOException {
        byte[] body = new byte[100];
        int sent = 0;
        while (channel.flush()) {
            channel.send(body, List.of());
            sent++;
        }
        channel.send(body, List.of());
        sent++;
        assertThat(channel.flush()).isFalse();
        assertThat(channel.queuedBytes()).isBetween(104 + 1, 2 * 104);
        try (FrameChannel client = new FrameChannel(raw.duplicate(), LIMIT)) {
            for (int i = 0; i < sent; i++) {
                byte[] frame = client.receive();
                if (frame == null) {
                    channel.flush();
                    frame = client.receive();
                }
                assertThat(frame).hasSize(100);
            }
            assertThat(client.receive()).isNull();
        }
    }

    @Test
    void writingToAPeerThatIsGoneFailsWithoutASignal() throws SyscallException {
        raw.close();
        channel.send(new byte[1], List.of());
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(channel::flush)
                .matches(e -> e.is(Errno.EPIPE))
                .withMessageStartingWith("sendmsg: EPIPE");
    }

    @Test
    void theSocketBecomesCloseOnExec() throws IOException {
        assertThat(Descriptors.isCloseOnExec(channel.socket())).isTrue();
    }

    private void write(byte... bytes) throws SyscallException {
        ByteBuffer buffer = Native.allocate(bytes.length).put(0, bytes);
        assertThat(Descriptors.Calls.LIBC.write(raw.number(), buffer, bytes.length))
                .isEqualTo(bytes.length);
    }

    private static byte[] frame(String text) {
        byte[] body = text.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(4 + body.length)
                .putInt(body.length)
                .put(body)
                .array();
    }

    private static String text(byte[] frame) {
        assertThat(frame).isNotNull();
        return new String(frame, StandardCharsets.US_ASCII);
    }
}
