package io.sluice.worker.port.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.StreamWire;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.SocketAddress;
import io.sluice.worker.port.line.UnixPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames in a stream, however it is cut, and streams that end and begin again. */
@Timeout(60)
class StreamPortTest {
    private static final int STREAM = 1;
    private static final byte[] FRAME = Frames.of(0, 0, 100);

    @TempDir
    Path directory;

    private Bench bench;

    @BeforeEach
    void begin() throws Exception {
        bench = new Bench();
    }

    @AfterEach
    void end() throws Exception {
        bench.close();
    }

    private SocketAddress address(boolean unix) throws IOException {
        if (unix) {
            return new UnixPath(directory.resolve("stream").toString());
        }
        try (ServerSocket probe = new ServerSocket(0)) {
            return new HostPort("127.0.0.1", probe.getLocalPort());
        }
    }

    private PortQueue open(StreamPort.Endpoint endpoint) throws IOException {
        return bench.use(StreamPort.open(Bench.info("stream", 1500), endpoint, bench.pool(), bench.lookout()))
                .queues()
                .get(0);
    }

    private StreamWire pair() throws Exception {
        List<Fd> pair = Sockets.plainPair(STREAM);
        open(new StreamPort.Endpoint.Inherited(pair.get(0)));
        return bench.keep(new StreamWire(pair.get(1)));
    }

    private static byte[] framed(byte[]... frames) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            stream.writeBytes(ByteBuffer.allocate(4).putInt(frame.length).array());
            stream.writeBytes(frame);
        }
        return stream.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 103, 104, 105, 1_000, 100_000})
    void framesArriveWholeHoweverTheStreamIsCut(int piece) throws Exception {
        StreamWire wire = pair();
        Random random = new Random(piece);
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < (piece < 10 ? 5 : 60); i++) {
            sent.add(Frames.of(0, i, 60 + random.nextInt(1_400)));
        }
        byte[] stream = framed(sent.toArray(byte[][]::new));
        List<byte[]> received = new ArrayList<>();
        for (int at = 0; at < stream.length; at += piece) {
            wire.sendRaw(Arrays.copyOfRange(stream, at, Math.min(at + piece, stream.length)));
            received.addAll(bench.cycle());
        }
        received.addAll(bench.receive(sent.size() - received.size()));
        assertThat(received).containsExactlyElementsOf(sent);
        assertThat(bench.imbalance(0, sent.size())).isZero();
        assertThat(bench.closePort()).isZero();
    }

    @Test
    void aPeerThatReadsSlowlyGetsEveryFrameWhole() throws Exception {
        List<Fd> pair = Sockets.plainPair(STREAM);
        PortQueue queue = open(new StreamPort.Endpoint.Inherited(pair.get(0)));
        StreamWire wire = bench.keep(new StreamWire(pair.get(1)));
        Sockets.sendBuffer(queue.fd(), 8 * 1024);
        List<byte[]> sent = new ArrayList<>();
        List<byte[]> arrived = new ArrayList<>();
        Random random = new Random(7);
        for (int round = 0; round < 40; round++) {
            for (int i = 0; i < 30; i++) {
                byte[] frame = Frames.of(0, sent.size(), 60 + random.nextInt(1_400));
                sent.add(frame);
                bench.enqueue(frame);
            }
            bench.cycle();
            for (int i = 0; i < 5; i++) {
                byte[] frame = wire.poll();
                if (frame != null) {
                    arrived.add(frame);
                }
            }
        }
        bench.await("the rest", () -> {
            bench.cycle();
            for (byte[] frame = wire.poll(); frame != null; frame = wire.poll()) {
                arrived.add(frame);
            }
            return arrived.size() + bench.value(PortCounter.TX_DROP_FULL) == sent.size();
        });
        assertThat(bench.value(PortCounter.TX_STALLS)).isPositive();
        assertThat(arrived).allMatch(Frames::isWhole);
        assertThat(bench.value(PortCounter.TX_PACKETS)).isEqualTo(arrived.size());
        assertThat(bench.imbalance(sent.size(), 0)).isZero();
        assertThat(bench.closePort()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {69_633, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void aLengthThatNoPeerSendsEndsTheConnection(int length) throws Exception {
        SocketAddress address = address(true);
        open(new StreamPort.Endpoint.Server(address));
        StreamWire wire = bench.keep((StreamWire) Peer.connect(STREAM, address));
        wire.sendRaw(framed(FRAME));
        wire.sendRaw(ByteBuffer.allocate(4).putInt(length).array());
        wire.sendRaw(framed(FRAME));
        assertThat(bench.receive(1)).containsExactly(FRAME);
        bench.awaitCounter(PortCounter.PEER_LOST, 1);
        assertThat(bench.value(PortCounter.RX_DROP_CUT)).isOne();
        StreamWire next = bench.keep((StreamWire) Peer.connect(STREAM, address));
        next.sendRaw(framed(FRAME));
        assertThat(bench.receive(1)).containsExactly(FRAME);
        assertThat(bench.imbalance(0, 2)).isZero();
    }

    @Test
    void framesThatAreTooShortOrTooLongForThePortAreSkippedAndTheNextIsNot() throws Exception {
        StreamWire wire = pair();
        wire.sendRaw(framed(new byte[0], new byte[13], FRAME, new byte[69_632], FRAME));
        assertThat(bench.receive(2)).containsExactly(FRAME, FRAME);
        assertThat(bench.value(PortCounter.RX_DROP_MALFORMED)).isEqualTo(2);
        assertThat(bench.value(PortCounter.RX_DROP_TRUNCATED)).isOne();
        assertThat(bench.value(PortCounter.RX_BYTES)).isEqualTo(13 + 69_632 + 200);
        assertThat(bench.imbalance(0, 2)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerServesOnePeerAfterTheOtherAndWhatWasCutIsCounted(boolean unix) throws Exception {
        SocketAddress address = address(unix);
        open(new StreamPort.Endpoint.Server(address));
        for (int peer = 1; peer <= 3; peer++) {
            try (StreamWire wire = (StreamWire) Peer.connect(STREAM, address)) {
                wire.sendRaw(framed(FRAME));
                wire.sendRaw(Arrays.copyOf(framed(FRAME), 50)); // the next peer's stream begins afresh
                assertThat(bench.receive(1)).containsExactly(FRAME);
                bench.send(FRAME);
                assertThat(wire.receive()).isEqualTo(FRAME);
            }
            bench.awaitCounter(PortCounter.PEER_LOST, peer);
            assertThat(bench.value(PortCounter.RX_DROP_CUT)).isEqualTo(peer);
        }
        assertThat(bench.imbalance(3, 3)).isZero();
        assertThat(bench.closePort()).isZero();
        if (address instanceof UnixPath path) {
            assertThat(path.file()).doesNotExist();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientConnectsWhenItsPeerIsThereAndAgainWhenItIsBack(boolean unix) throws Exception {
        SocketAddress address = address(unix);
        PortQueue queue = open(new StreamPort.Endpoint.Client(address, OptionalInt.empty()));
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isOne();
        assertThat(queue.pending()).isFalse(); // a timer wakes whoever sleeps
        for (int round = 1; round <= 2; round++) {
            try (Fd listener = Peer.listen(STREAM, address)) {
                bench.awaitCounter(PortCounter.PEER_CONNECTED, round);
                try (StreamWire wire = (StreamWire) Peer.accept(listener)) {
                    wire.send(FRAME);
                    assertThat(bench.receive(1)).containsExactly(FRAME);
                    bench.send(FRAME);
                    assertThat(wire.receive()).isEqualTo(FRAME);
                }
            }
            bench.awaitCounter(PortCounter.PEER_LOST, round);
        }
        assertThat(bench.imbalance(3, 2)).isZero();
        assertThat(bench.closePort()).isZero();
    }

    @Test
    void aPeerThatGoesWhileAFrameIsHalfWrittenGetsTheNextOneWholeWhenItIsBack() throws Exception {
        SocketAddress address = address(true);
        open(new StreamPort.Endpoint.Server(address));
        StreamWire first = (StreamWire) Peer.connect(STREAM, address);
        bench.awaitCounter(PortCounter.PEER_CONNECTED, 1);
        long own = 0;
        while (bench.value(PortCounter.TX_STALLS) == 0) {
            byte[][] frames = new byte[100][];
            Arrays.fill(frames, Frames.of(0, 0, 1_400));
            bench.send(frames); // in one call, which the kernel takes in part
            own += frames.length;
        }
        first.close();
        bench.awaitCounter(PortCounter.PEER_LOST, 1);
        StreamWire second = bench.keep((StreamWire) Peer.connect(STREAM, address));
        bench.awaitCounter(PortCounter.PEER_CONNECTED, 2);
        bench.send(FRAME);
        assertThat(second.receive()).isEqualTo(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isPositive();
        assertThat(bench.imbalance(own + 1, 0)).isZero();
    }

    @Test
    void aPortWhosePoolIsEmptyLeavesTheRestForLater() throws Exception {
        StreamWire wire = pair();
        List<Integer> taken = new ArrayList<>();
        for (int frame = bench.pool().take(); frame >= 0; frame = bench.pool().take()) {
            taken.add(frame);
        }
        wire.sendRaw(framed(FRAME, FRAME));
        assertThat(bench.cycle()).isEmpty();
        taken.forEach(bench.pool()::give);
        assertThat(bench.receive(2)).containsExactly(FRAME, FRAME);
        assertThat(bench.value(PortCounter.RX_PACKETS)).isEqualTo(2);
    }

    @Test
    void whatIsNoStreamIsRefused() throws Exception {
        List<Fd> pair = Sockets.plainPair(5);
        bench.keep(pair.get(1));
        assertThatThrownBy(() -> open(new StreamPort.Endpoint.Inherited(pair.get(0))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("is no stream socket");
        assertThat(pair.get(0).isClosed()).isTrue();
        assertThatThrownBy(() -> new StreamPort.Endpoint.Client(new HostPort("127.0.0.1", 0), OptionalInt.empty()))
                .hasMessage("the remote port is 0; give the port of the peer");
    }
}
