package io.sluice.grant.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.MessageHeader;
import io.sluice.grant.channel.SocketCalls;
import io.sluice.grant.sys.Descriptors;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptors in frames: each test ends with as many open as it began with. */
class DescriptorPassingTest {
    private static final byte[] BODY = {42};
    private static final int TIMEOUT_MS = 5000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PASSCRED = 16;

    private List<String> before;
    private FrameChannel sender;
    private FdChannel receiver;

    /** Has java.nio open the socket that it closes descriptors with, which it keeps. */
    @BeforeAll
    static void loadClasses() throws IOException {
        FileChannel.open(Path.of("/proc/self/status")).close();
    }

    @BeforeEach
    void connect() throws IOException {
        before = Descriptors.open();
        List<Fd> pair = Descriptors.socketPair();
        sender = new FrameChannel(pair.get(0), FrameChannel.MAX_REQUEST);
        receiver = new FdChannel(pair.get(1), FrameChannel.MAX_REPLY);
    }

    @AfterEach
    void nothingStaysOpen() throws IOException {
        sender.close();
        receiver.close();
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, FrameChannel.MAX_FDS})
    void theReceiverGetsTheSameFilesInOrderAndCloseOnExec(int count) throws IOException {
        List<Fd> fds = Descriptors.pipes(count);
        List<String> targets = targets(fds);
        sender.send(BODY, fds);
        assertThat(fds).as("not yet written").noneMatch(Fd::isClosed);
        assertThat(sender.flush()).isTrue();
        assertThat(fds).as("consumed by the write").allMatch(Fd::isClosed);
        try (Frame frame = receiver.receiveFrame()) {
            assertThat(frame.body()).isEqualTo(BODY);
            assertThat(targets(frame.fds())).isEqualTo(targets);
            for (Fd fd : frame.fds()) {
                assertThat(Descriptors.isCloseOnExec(fd)).isTrue();
            }
        }
    }

    @Test
    void oneMoreThanTheKernelTakesIsRefusedAndStaysTheCallers() throws IOException {
        List<Fd> fds = Descriptors.pipes(FrameChannel.MAX_FDS + 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sender.send(BODY, fds))
                .withMessage("a frame carries at most 253 descriptors");
        assertThat(fds).noneMatch(Fd::isClosed);
        fds.forEach(Fd::close);
        assertThat(sender.flush()).isTrue();
        assertThat(receiver.receiveFrame()).isNull();
    }

    @Test
    void theKernelTakesJustAsMany() throws IOException {
        List<Fd> fds = Descriptors.pipes(FrameChannel.MAX_FDS + 1);
        MessageHeader header = new MessageHeader(FrameChannel.MAX_FDS + 1);
        ByteBuffer payload = Native.allocate(1);
        header.payload(payload, 1);
        header.fds(fds);
        long sent = Native.libc(SocketCalls.class).sendmsg(sender.socket().number(), header.memory(), 0);
        assertThat(sent).isEqualTo(-1);
        assertThat(Native.failedWith(Errno.EINVAL)).isTrue();
        fds.forEach(Fd::close);
    }

    @Test
    void framesWithAndWithoutDescriptorsKeepTheirOwn() throws IOException {
        List<List<String>> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            List<Fd> fds = i % 3 == 0 ? List.of() : Descriptors.pipes(i % 3);
            sent.add(targets(fds));
            sender.send(new byte[1 + i], fds);
        }
        assertThat(sender.flush()).isTrue();
        for (int i = 0; i < 50; i++) {
            try (Frame frame = receiver.receiveFrame()) {
                assertThat(frame.body()).hasSize(1 + i);
                assertThat(targets(frame.fds())).isEqualTo(sent.get(i));
            }
        }
    }

    @Test
    void descriptorsGoWithTheFirstByteOfALargeFrame() throws IOException {
        List<Fd> fds = Descriptors.pipes(2);
        List<String> targets = targets(fds);
        sender.send(new byte[FrameChannel.MAX_REPLY], fds);
        assertThat(sender.flush()).as("all of a large frame written at once").isFalse();
        assertThat(fds).allMatch(Fd::isClosed);
        Frame frame = receiver.receiveFrame();
        while (frame == null) {
            sender.flush();
            frame = receiver.receiveFrame();
        }
        assertThat(targets(frame.fds())).isEqualTo(targets);
        frame.close();
    }

    @Test
    void aChannelThatIsClosedEarlyClosesWhatItHasQueued() throws IOException {
        List<Fd> fds = Descriptors.pipes(3);
        sender.send(BODY, fds);
        sender.close();
        assertThat(fds).allMatch(Fd::isClosed);
    }

    @Test
    void aChannelThatIsClosedInMidFrameClosesWhatHasArrived() throws IOException {
        List<Fd> fds = Descriptors.pipes(3);
        sender.send(new byte[FrameChannel.MAX_REPLY], fds);
        sender.flush();
        assertThat(receiver.receiveFrame()).isNull();
        assertThat(receiver.midFrame()).isTrue();
        assertThat(Descriptors.open()).as("three descriptors arrived").hasSize(before.size() + 2 + 3);
        receiver.close();
        assertThat(Descriptors.open()).hasSize(before.size() + 1);
    }

    @Test
    void descriptorsInFlightGoWithTheReceiver() throws IOException {
        List<Fd> pipe = Descriptors.pipe();
        try (Fd reader = pipe.get(0)) {
            sender.send(BODY, List.of(pipe.get(1)));
            sender.flush();
            receiver.close();
            FdChannel end = new FdChannel(reader.duplicate(), 1);
            assertThat(end.await(false, 5000)).as("the pipe has no writer").isTrue();
            end.close();
        }
    }

    @Test
    void aChannelThatTakesNoneDropsThem() throws IOException {
        // The other way round: the sender's end is the one that takes no descriptors.
        List<Fd> pipe = Descriptors.pipe();
        try (Fd reader = pipe.get(0)) {
            receiver.send(BODY, List.of(pipe.get(1)));
            receiver.flush();
            int open = Descriptors.open().size();
            assertThat(sender.receive()).isEqualTo(BODY);
            assertThat(Descriptors.open()).hasSize(open);
            FdChannel end = new FdChannel(reader.duplicate(), 1);
            assertThat(end.await(false, 5000)).as("the pipe has no writer").isTrue();
            end.close();
        }
    }

    @Test
    void otherControlMessagesAreSteppedOver() throws IOException {
        ByteBuffer on = Native.allocate(4).putInt(0, 1);
        Native.check(
                Descriptors.Calls.LIBC.setsockopt(receiver.socket().number(), SOL_SOCKET, SO_PASSCRED, on, 4),
                "SO_PASSCRED");
        List<Fd> fds = Descriptors.pipes(2);
        List<String> targets = targets(fds);
        sender.send(BODY, fds);
        sender.flush();
        try (Frame frame = receiver.receiveFrame()) {
            assertThat(targets(frame.fds())).as("after the credentials").isEqualTo(targets);
        }
    }

    @Test
    void aShortControlBufferLosesDescriptorsAndClosesTheRest() throws IOException {
        sender.send(BODY, Descriptors.pipes(3));
        sender.flush();
        ReceivedHeader room = new ReceivedHeader(1);
        ByteBuffer payload = Native.allocate(1);
        room.payload(payload, 1);
        room.offerControl();
        int cloexec = 0x40000000;
        long n = Native.libc(FdChannel.Calls.class).recvmsg(receiver.socket().number(), room.memory(), cloexec);
        assertThat(n).isEqualTo(1);
        assertThat(room.flags() & 8).as("MSG_CTRUNC").isEqualTo(8);
        List<Fd> arrived = room.takeFds();
        assertThat(arrived).as("the padding has room for a second one").hasSize(2);
        arrived.forEach(Fd::close);
    }

    @Test
    void aReceiverAtItsLimitOfOpenFilesIsToldSoAndKeepsNone() throws Exception {
        assertThat(LostDescriptors.inAChild())
                .isEqualTo("descriptors were lost on the way; is this process at its limit of open files? leaked 0");
    }

    @Test
    void aClosedReceiverIsAnErrorAndTheDescriptorsAreClosedWithTheChannel() throws IOException {
        receiver.close();
        List<Fd> fds = Descriptors.pipes(2);
        sender.send(BODY, fds);
        assertThatExceptionOfType(SyscallException.class).isThrownBy(sender::flush);
        assertThat(fds).noneMatch(Fd::isClosed);
        sender.close();
        assertThat(fds).allMatch(Fd::isClosed);
    }

    @Test
    void waitingEndsWithAFrameWithTheTimeAndWithTheConnection() throws Exception {
        assertThat(receiver.await(false, 1)).isFalse();
        sender.send(BODY, List.of());
        sender.flush();
        assertThat(receiver.await(false, TIMEOUT_MS)).isTrue();
        receiver.receiveFrame().close();
        Thread stopper = new Thread(receiver::shutdown);
        stopper.start();
        assertThat(receiver.await(false, TIMEOUT_MS)).as("woken by shutdown").isTrue();
        stopper.join();
        assertThatExceptionOfType(EOFException.class).isThrownBy(receiver::receiveFrame);
    }

    @Test
    void waitingToWriteEndsOnceThePeerReads() throws IOException {
        receiver.send(new byte[FrameChannel.MAX_REPLY], List.of());
        assertThat(receiver.flush()).isFalse();
        assertThat(receiver.await(true, 0)).as("writable").isFalse();
        Descriptors.drain(sender.socket());
        assertThat(receiver.await(true, TIMEOUT_MS)).as("writable").isTrue();
    }

    @Test
    void shuttingAClosedChannelDownDoesNothing() {
        receiver.close();
        receiver.shutdown();
    }

    private static List<String> targets(List<Fd> fds) throws IOException {
        List<String> targets = new ArrayList<>();
        for (Fd fd : fds) {
            targets.add(Descriptors.target(fd));
        }
        return targets;
    }
}
