package io.sluice.grant.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Effort;
import io.sluice.fuzzing.Input;
import io.sluice.grant.client.FdChannel;
import io.sluice.grant.client.Frame;
import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/**
 * The frame parser over a socket, against a model of it: bytes in pieces of any size, descriptors with any piece.
 *
 * <pre>
 *  input: u8 whether the reader takes descriptors (bit 0)
 *         pieces, each: u8 descriptors (bits 0 and 1), length (the others; 0: all that is left) | bytes
 * </pre>
 */
class FrameFuzzTest {
    private static final int LIMIT = 4096;
    /** What a call may allocate in bytes: a frame, its list and descriptors, many times over. Loading classes takes more. */
    private static final long ALLOCATION = 256 * 1024;

    private static long allocation = Long.MAX_VALUE;

    /** What the reader ought to make of what it was sent. */
    private static final class Model {
        private final ByteBuffer pending = ByteBuffer.allocate(1 << 20);
        private int fds;
        private boolean broken;

        /** All whole frames have been taken, so the piece's first byte, and the descriptors, belong to the next one. */
        void sent(byte[] piece, int attached) {
            pending.put(piece);
            fds += attached;
            broken |= fds > FrameChannel.MAX_FDS;
        }

        int takeFds() {
            int taken = fds;
            fds = 0;
            return taken;
        }

        /** The next whole frame; null if there is none, or never will be. */
        byte[] next() {
            int held = pending.position();
            if (broken || held < 4) {
                return null;
            }
            int length = pending.getInt(0);
            broken = length <= 0 || length > LIMIT;
            if (broken || held < 4 + length) {
                return null;
            }
            byte[] body = new byte[length];
            pending.flip().position(4).get(body);
            pending.compact();
            return body;
        }

        boolean midFrame() {
            return pending.position() > 0;
        }
    }

    @BeforeAll
    static void loadClasses() throws IOException {
        byte[][] streams = {{1, 0x15, 0, 0, 0, 1, 7, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 1, 7}, {1}};
        for (byte[] stream : streams) {
            new FrameFuzzTest().aStreamIsItsFramesOrAnOffence(stream);
        }
        allocation = ALLOCATION;
    }

    @FuzzTest
    void aStreamIsItsFramesOrAnOffence(byte[] bytes) throws IOException {
        Input input = new Input(bytes);
        boolean acceptFds = (input.u8() & 1) != 0;
        List<Fd> pair = Descriptors.socketPair();
        List<Fd> pipe = Descriptors.pipe();
        try {
            Fd raw = pair.get(0).closeOnExecNonBlocking();
            Fd reading = pipe.get(0).closeOnExecNonBlocking();
            try (FrameChannel channel =
                    acceptFds ? new FdChannel(pair.get(1), LIMIT) : new FrameChannel(pair.get(1), LIMIT)) {
                exchange(input, raw, pipe.get(1), channel, acceptFds);
            }
            raw.close();
            pipe.get(1).close();
            assertThat(RawEnd.read(reading))
                    .as("no descriptor of the pipe is left open")
                    .isEmpty();
        } finally {
            pair.forEach(Fd::close);
            pipe.forEach(Fd::close);
        }
    }

    private static void exchange(Input input, Fd raw, Fd writing, FrameChannel channel, boolean acceptFds)
            throws IOException {
        Model model = new Model();
        while (input.left() > 0) {
            int control = input.u8();
            int length = control >> 2;
            byte[] piece = input.bytes(length == 0 ? RawEnd.MOST : length);
            List<Fd> attached = Collections.nCopies(piece.length == 0 ? 0 : control & 3, writing);
            RawEnd.send(raw, piece, attached);
            model.sent(piece, acceptFds ? attached.size() : 0);
            if (!agrees(model, channel, raw)) {
                return;
            }
        }
        raw.close();
        try {
            channel.receive();
            throw new AssertionError("the end was not noticed");
        } catch (EOFException e) {
            assertThat(model.midFrame()).isFalse();
        } catch (ProtocolException e) {
            assertThat(model.midFrame()).isTrue();
            assertThat(e).hasMessage("connection closed in the middle of a frame");
        }
    }

    private static Frame next(FrameChannel channel) throws IOException {
        if (channel instanceof FdChannel takes) {
            return takes.receiveFrame();
        }
        byte[] body = channel.receive();
        return body == null ? null : new Frame(body, List.of());
    }

    /** Reads what there is; returns false if the stream was, rightly, found to be broken. */
    private static boolean agrees(Model model, FrameChannel channel, Fd raw) throws IOException {
        while (true) {
            byte[] expected = model.next();
            Effort effort = new Effort();
            try (Frame frame = next(channel)) {
                effort.withinBytes(allocation);
                assertThat(model.broken).isFalse();
                if (frame == null) {
                    assertThat(expected).isNull();
                    assertThat(channel.midFrame()).isEqualTo(model.midFrame());
                    return true;
                }
                assertThat(frame.body()).isEqualTo(expected);
                assertThat(frame.fds()).hasSize(model.takeFds());
                channel.send(frame.body(), frame.fds());
                assertThat(channel.flush()).isTrue();
                byte[] again = RawEnd.read(raw);
                assertThat(ByteBuffer.wrap(again).getInt()).isEqualTo(expected.length);
                assertThat(Arrays.copyOfRange(again, 4, again.length)).isEqualTo(expected);
            } catch (ProtocolException e) {
                effort.withinBytes(allocation);
                assertThat(model.broken).as(e.getMessage()).isTrue();
                return false;
            }
        }
    }
}
