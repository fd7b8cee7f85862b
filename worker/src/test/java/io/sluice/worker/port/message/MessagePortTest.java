package io.sluice.worker.port.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.MessageWire;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.UnixPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers that come, go and come again, and what must never be sent or taken. */
@Timeout(60)
class MessagePortTest {
    private static final int SEQPACKET = 5;
    private static final int DATAGRAM = 2;
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

    private UnixPath path(String name) {
        return new UnixPath(directory.resolve(name).toString());
    }

    private PortQueue open(MessagePort.Endpoint endpoint) throws IOException {
        return bench.use(MessagePort.open(
                        Bench.info("test", 1500), endpoint, bench.pool(), bench::slots, bench.lookout()))
                .queues()
                .get(0);
    }

    @Test
    void onePeerAfterTheOtherConnectsToAServer() throws Exception {
        UnixPath path = path("bess");
        open(new MessagePort.Endpoint.SeqpacketServer(path));
        for (int peer = 1; peer <= 3; peer++) {
            try (Wire wire = Peer.connect(SEQPACKET, path)) {
                wire.send(FRAME);
                assertThat(bench.receive(1)).containsExactly(FRAME);
                bench.send(FRAME);
                assertThat(wire.receive()).isEqualTo(FRAME);
            }
            bench.awaitCounter(PortCounter.PEER_LOST, peer);
        }
        bench.send(FRAME, FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isEqualTo(2);
        assertThat(bench.value(PortCounter.PEER_CONNECTED)).isEqualTo(3);
        assertThat(bench.value(PortCounter.RX_DROP_MALFORMED)).isZero(); // an end is no message
        assertThat(bench.imbalance(5, 3)).isZero();
        assertThat(bench.closePort()).isZero();
        assertThat(path.file()).doesNotExist();
    }

    @Test
    void theSecondPeerIsServedWhenTheFirstHasGone() throws Exception {
        UnixPath path = path("bess");
        open(new MessagePort.Endpoint.SeqpacketServer(path));
        Wire first = Peer.connect(SEQPACKET, path);
        first.send(FRAME);
        assertThat(bench.receive(1)).hasSize(1);
        Wire second = bench.keep(Peer.connect(SEQPACKET, path));
        second.send(Frames.of(1, 0, 200));
        assertThat(bench.cycle()).isEmpty();
        first.close();
        assertThat(bench.receive(1)).containsExactly(Frames.of(1, 0, 200));
    }

    @Test
    void aPeerThatVanishesUnderWhatIsSentIsNoticed() throws Exception {
        UnixPath path = path("bess");
        open(new MessagePort.Endpoint.SeqpacketServer(path));
        Wire wire = Peer.connect(SEQPACKET, path);
        bench.awaitCounter(PortCounter.PEER_CONNECTED, 1);
        bench.enqueue(FRAME, FRAME, FRAME);
        wire.close();
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isEqualTo(4);
        assertThat(bench.value(PortCounter.PEER_LOST)).isOne();
        assertThat(bench.imbalance(4, 0)).isZero();
    }

    @Test
    void aClientConnectsWhenItsPeerIsThereAndAgainWhenItIsBack() throws Exception {
        UnixPath path = path("peer");
        open(new MessagePort.Endpoint.SeqpacketClient(path, Optional.empty()));
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isOne();
        for (int round = 1; round <= 2; round++) {
            try (Fd listener = Peer.listen(SEQPACKET, path)) {
                bench.awaitCounter(PortCounter.PEER_CONNECTED, round);
                try (Wire wire = Peer.accept(listener)) {
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
        assertThat(path.file()).exists(); // it is the peer's
    }

    @Test
    void aDatagramPeerThatIsReplacedIsFoundAgainAlsoIfItSpeaksFirst() throws Exception {
        UnixPath here = path("here");
        UnixPath there = path("there");
        open(new MessagePort.Endpoint.UnixDatagram(here, there));
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isOne();
        try (Wire wire = Peer.datagram(there, here)) {
            bench.awaitCounter(PortCounter.PEER_CONNECTED, 1);
            bench.send(FRAME);
            assertThat(wire.receive()).isEqualTo(FRAME);
            wire.send(FRAME);
            assertThat(bench.receive(1)).containsExactly(FRAME);
        }
        Files.delete(there.file());
        bench.awaitCounter(PortCounter.PEER_LOST, 1); // though nothing was sent to it
        try (Wire wire = Peer.datagram(there, here)) {
            bench.awaitCounter(PortCounter.PEER_CONNECTED, 2);
            wire.send(FRAME);
            assertThat(bench.receive(1)).containsExactly(FRAME);
        }
        bench.send(FRAME, FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isEqualTo(3);
        assertThat(bench.imbalance(4, 2)).isZero();
        assertThat(bench.closePort()).isZero();
        assertThat(here.file()).doesNotExist();
    }

    @Test
    void moreShortFramesWaitInADatagramSocketThanItsQueueLengthSays() throws Exception {
        UnixPath here = path("here");
        UnixPath there = path("there");
        open(new MessagePort.Endpoint.UnixDatagram(here, there));
        try (Wire wire = Peer.datagram(there, here)) {
            bench.awaitCounter(PortCounter.PEER_CONNECTED, 1);
            for (int i = 0; i < 150; i++) {
                bench.send(FRAME);
            }
            assertThat(wire.receive(150)).hasSize(150);
        }
    }

    @Test
    void framesGoByUdpAndAPeerThatIsNotThereIsCountedEachTime() throws Exception {
        HostPort here = new HostPort("127.0.0.1", freePort());
        HostPort there = new HostPort("127.0.0.1", freePort());
        PortQueue queue = open(new MessagePort.Endpoint.InetDatagram(here, there));
        for (int i = 0; i < 10; i++) {
            bench.send(FRAME);
            bench.cycle();
        }
        long lost = bench.value(PortCounter.TX_DROP_NO_PEER);
        long sent = bench.value(PortCounter.TX_PACKETS);
        assertThat(lost + sent).isEqualTo(10);
        PortQueue local = queue;
        try (Bench other = new Bench()) {
            other.use(MessagePort.open(
                    Bench.info("test", 1500),
                    new MessagePort.Endpoint.InetDatagram(there, here),
                    other.pool(),
                    other::slots,
                    other.lookout()));
            other.send(FRAME);
            assertThat(bench.receive(1)).containsExactly(FRAME);
            bench.send(FRAME);
            assertThat(other.receive(1)).containsExactly(FRAME);
        }
        assertThat(local.queued()).isZero();
        assertThat(bench.imbalance(11, 1)).isZero();
    }

    /** A port that was free a moment ago. */
    private static int freePort() throws IOException {
        try (java.net.DatagramSocket probe = new java.net.DatagramSocket()) {
            return probe.getLocalPort();
        }
    }

    @Test
    void neitherAnEmptyMessageNorAShortOneIsEverSent() throws Exception {
        List<Fd> pair = pair(SEQPACKET);
        open(new MessagePort.Endpoint.Inherited(pair.get(0)));
        Wire wire = bench.keep(new MessageWire(pair.get(1)));
        bench.send(new byte[0], new byte[13], FRAME);
        assertThat(wire.receive()).isEqualTo(FRAME);
        assertThat(bench.value(PortCounter.TX_DROP_MALFORMED)).isEqualTo(2);
        assertThat(bench.imbalance(3, 0)).isZero();
    }

    @Test
    void anEmptyMessageIsCountedAndNotTakenForAnEnd() throws Exception {
        List<Fd> pair = pair(SEQPACKET);
        open(new MessagePort.Endpoint.Inherited(pair.get(0)));
        Wire wire = bench.keep(new MessageWire(pair.get(1)));
        wire.send(new byte[0]);
        wire.send(FRAME);
        assertThat(bench.receive(1)).containsExactly(FRAME);
        assertThat(bench.value(PortCounter.RX_DROP_MALFORMED)).isOne();
        assertThat(bench.value(PortCounter.PEER_LOST)).isZero();
    }

    @Test
    void anInheritedSocketWhosePeerHasGoneIsQuietForGood() throws Exception {
        List<Fd> pair = pair(SEQPACKET);
        PortQueue queue = open(new MessagePort.Endpoint.Inherited(pair.get(0)));
        pair.get(1).close();
        bench.cycle();
        long calls = bench.value(PortCounter.RX_CALLS);
        bench.cycle();
        bench.send(FRAME);
        assertThat(bench.value(PortCounter.RX_CALLS)).isEqualTo(calls);
        assertThat(bench.value(PortCounter.PEER_LOST)).isOne();
        assertThat(bench.value(PortCounter.TX_DROP_NO_PEER)).isOne();
        assertThat(queue.pending()).isFalse();
        assertThat(bench.closePort()).isZero();
    }

    @Test
    void descriptorsThatAPeerSendsAreDiscarded() throws Exception {
        List<Fd> pair = pair(SEQPACKET);
        open(new MessagePort.Endpoint.Inherited(pair.get(0)));
        try (Fd memory = Pools.memory(4096)) {
            Peer.sendWithDescriptor(pair.get(1), FRAME, memory);
            String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + memory.number()))
                    .toString();
            assertThat(bench.receive(1)).containsExactly(FRAME);
            assertThat(Peer.openDescriptors()).filteredOn(name::equals).hasSize(1);
        }
        bench.keep(pair.get(1));
    }

    @Test
    void aFileThatNobodyServesIsReplacedAndOneThatSomebodyDoesIsNot() throws Exception {
        UnixPath path = path("bess");
        Peer.listen(SEQPACKET, path).close(); // leaves its file
        assertThat(path.file()).exists();
        open(new MessagePort.Endpoint.SeqpacketServer(path));
        assertThatThrownBy(() -> MessagePort.open(
                        Bench.info("test", 1500),
                        new MessagePort.Endpoint.SeqpacketServer(path),
                        bench.pool(),
                        bench::slots,
                        bench.lookout()))
                .isInstanceOf(IOException.class)
                .hasMessage(path + " is another program's socket, which is open; end that or choose another path");
        Files.delete(path.file());
        Files.writeString(path.file(), "somebody's");
        assertThatThrownBy(() -> MessagePort.open(
                        Bench.info("test", 1500),
                        new MessagePort.Endpoint.UnixDatagram(path, path("other")),
                        bench.pool(),
                        bench::slots,
                        bench.lookout()))
                .isInstanceOf(IOException.class)
                .hasMessage(path + " exists and is no socket; remove it or choose another path");
        bench.closePort();
        assertThat(path.file()).hasContent("somebody's"); // not ours
    }

    @Test
    void whatIsNoConnectedMessageSocketIsRefusedAndClosed() throws Exception {
        Fd memory = Pools.memory(4096);
        List<Fd> stream = pair(1);
        Fd unconnected = Fd.owned(io.sluice.worker.sys.WorkerCalls.LIBC.socket(1, DATAGRAM | 0x80000, 0), "socket");
        bench.keep(stream.get(1));
        assertThatThrownBy(() -> open(new MessagePort.Endpoint.Inherited(memory)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("is no datagram or seqpacket socket");
        assertThatThrownBy(() -> open(new MessagePort.Endpoint.Inherited(stream.get(0))))
                .hasMessageEndingWith("is no datagram or seqpacket socket");
        assertThatThrownBy(() -> open(new MessagePort.Endpoint.Inherited(unconnected)))
                .hasMessage("the descriptor is not connected; connect it before it is inherited, or use a socketpair");
        assertThat(List.of(memory, stream.get(0), unconnected)).allMatch(Fd::isClosed);
        bench.use(null);
    }

    @Test
    void aPortOfLongFramesNeedsLargeOnes() throws Exception {
        List<Fd> pair = pair(SEQPACKET);
        bench.use(MessagePort.open(
                Bench.info("test", 9000),
                new MessagePort.Endpoint.Inherited(pair.get(0)),
                bench.pool(),
                bench::slots,
                bench.lookout()));
        Wire wire = bench.keep(new MessageWire(pair.get(1)));
        byte[] jumbo = Frames.of(0, 0, 9014);
        wire.send(jumbo);
        assertThat(bench.receive(1)).containsExactly(jumbo);
        bench.send(jumbo);
        assertThat(wire.receive()).isEqualTo(jumbo);
        try (var small = Pools.of(2048, 16, 0)) {
            List<Fd> other = pair(SEQPACKET);
            bench.keep(other.get(1));
            assertThatThrownBy(() -> MessagePort.open(
                            Bench.info("test", 9000),
                            new MessagePort.Endpoint.Inherited(other.get(0)),
                            small,
                            bench::slots,
                            bench.lookout()))
                    .hasMessage("an MTU of 9000 needs large frames and this worker has none;"
                            + " start it with --large-frames");
            assertThat(other.get(0).isClosed()).isTrue();
        }
    }

    private static List<Fd> pair(int type) throws Exception {
        return Sockets.plainPair(type);
    }

    @Test
    @Tag("kernel")
    void theCountersAddUpWhileThePeerComesAndGoes() throws Exception {
        UnixPath path = path("bess");
        open(new MessagePort.Endpoint.SeqpacketServer(path));
        long own = 0;
        long discarded = 0;
        for (int round = 0; round < 50; round++) {
            try (Wire wire = Peer.connect(SEQPACKET, path)) {
                for (int i = 0; i < 10; i++) {
                    wire.send(Frames.of(0, i, 60 + round));
                    bench.enqueue(FRAME);
                    own++;
                    discarded += bench.cycle().size();
                }
            }
            bench.enqueue(FRAME);
            own++;
            discarded += bench.cycle().size();
            assertThat(bench.imbalance(own, discarded)).isZero();
        }
        assertThat(bench.closePort()).isZero();
    }
}
