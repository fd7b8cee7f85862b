package io.sluice.worker.port.packet;

import static io.sluice.worker.lab.Frames.Transport.TCP4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Rings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is particular to packet ports. */
@Timeout(60)
class PacketPortTest {
    /** Bytes of the longest frame in a slot: before it are tpacket2_hdr, sockaddr_ll and a vnet header. */
    private static final int SLOT_HOLDS = 1_972;

    /** A virtio_net_hdr that wants a checksum where no frame is. */
    private static final byte[] POINTS_OUTSIDE = {1, 0, 0, 0, 0, 0, 0, 0x40, 16, 0};

    @Test
    void whatIsNoPacketSocketIsRefusedAndEveryDescriptorClosed() throws Exception {
        try (FramePool pool = Pools.of(2048, 16, 0)) {
            Fd one = Pools.memory(4096);
            Fd other = Pools.memory(4096);
            assertThatThrownBy(() -> PacketPort.open(
                            Lab.info(PortKind.PACKET, "a", 1500, 64),
                            List.of(one, other),
                            List.of(),
                            0,
                            Optional.empty(),
                            pool,
                            (large, vnet) -> new ReceiveSlots(pool, large, vnet)))
                    .isInstanceOf(SyscallException.class)
                    .hasMessageStartingWith("setsockopt(PACKET_AUXDATA): ENOTSOCK");
            assertThat(List.of(one, other)).allMatch(Fd::isClosed);
            assertThat(pool.freeFrames()).isEqualTo(16);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10, 1500, offloads need large frames and this worker has none; start it with --large-frames",
        "0, 9000, an MTU of 9000 needs large frames and this worker has none; start it with --large-frames"
    })
    void aPortThatNeedsLargeFramesIsRefusedWhereThereAreNone(int vnet, int mtu, String message) throws Exception {
        try (FramePool pool = Pools.of(2048, 16, 0)) {
            Fd socket = Pools.memory(4096);
            assertThatThrownBy(() -> PacketPort.open(
                            Lab.info(PortKind.PACKET, "a", mtu, 64),
                            List.of(socket),
                            List.of(),
                            vnet,
                            Optional.empty(),
                            pool,
                            (large, header) -> new ReceiveSlots(pool, large, header)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
            assertThat(socket.isClosed()).isTrue();
        }
    }

    @Test
    @Tag("kernel")
    void framesThatFoundNoRoomInTheKernelAreCountedEachOnce() throws Exception {
        try (Lab lab = new Lab(512, 0)) {
            lab.cable(PortKind.PACKET, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET, "port0", 1500, 256);
            Sockets.receiveBuffer(port.queues().get(0).fd(), 16 * 1024);
            Wire wire = lab.wire("wire0");
            for (int round = 1; round <= 2; round++) {
                for (int i = 0; i < 200; i++) {
                    wire.send(Frames.of(0, i, 1_000));
                }
                int due = 200 * round;
                lab.await("every frame to be counted", () -> {
                    lab.poll(port, 256);
                    return port.counters().received() + port.kernel().read().get("kernel_rx_dropped") == due;
                });
            }
            assertThat(port.kernel().read().get("kernel_rx_dropped")).isPositive();
            assertThat(port.kernel().read()).isEqualTo(port.kernel().read()); // reading zeroes it in the kernel
        }
    }

    @Test
    @Tag("kernel")
    void aPortWhosePoolIsEmptyLeavesFramesWithTheKernelAndGoesOnWhenThereAreSome() throws Exception {
        try (Lab lab = new Lab(4, 0)) {
            lab.cable(PortKind.PACKET, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            for (int i = 0; i < 10; i++) {
                wire.send(Frames.of(0, i, 100));
            }
            PortQueue queue = port.queues().get(0);
            Vector kept = new Vector();
            lab.await("all four frames to be in use", () -> {
                Vector more = new Vector();
                queue.poll(more, 256);
                for (int i = 0; i < more.count; i++) {
                    kept.add(more.offset[i], more.length[i], more.flags[i]);
                }
                return kept.count == 4;
            });
            assertThat(queue.poll(new Vector(), 256)).isZero();
            assertThat(queue.pending()).isTrue(); // nobody will say again that there is something to receive
            assertThat(port.counters().dropped()).isZero();
            lab.pool().giveAll(kept);
            assertThat(lab.receive(port, 6)).hasSize(6);
            assertThat(queue.pending()).isFalse();
            assertThat(port.counters().received()).isEqualTo(10);
        }
    }

    @Test
    @Tag("kernel")
    void smallFramesAndSuperframesComeThroughARingWholeAndInOrder() throws Exception {
        try (Lab lab = new Lab(512, 200)) {
            lab.cable(PortKind.PACKET_RINGS_OFFLOADS, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET_RINGS_OFFLOADS, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            Random random = new Random(5);
            List<byte[]> sent = new ArrayList<>();
            List<Lab.Packet> received = new ArrayList<>();
            int whole = 0;
            for (int i = 0; i < 1_500; i++) {
                boolean superframe = random.nextInt(3) == 0;
                int payload = superframe ? 1_449 + random.nextInt(40_000) : random.nextInt(1_400);
                byte[] frame = Frames.partial(TCP4, Frames.transport(TCP4, payload, i));
                frame = random.nextInt(8) == 0 ? Frames.tagged(frame, 0x8100, i & 0xfff) : frame;
                byte[] header = superframe ? TCP4.superframeHeader(1_448) : TCP4.vnetHeader();
                if (frame[12] == (byte) 0x81) {
                    header[2] = (byte) (header[2] + 4);
                    header[6] = (byte) (header[6] + 4);
                }
                wire.send(header, frame);
                sent.add(frame);
                whole += frame.length > SLOT_HOLDS ? 1 : 0;
                if (i % 50 == 49) {
                    lab.await("fifty frames", () -> {
                        received.addAll(lab.poll(port, 1 + random.nextInt(20)));
                        return received.size() == sent.size();
                    });
                }
            }
            assertThat(received).extracting(Lab.Packet::frame).containsExactlyElementsOf(sent);
            assertThat(received).allMatch(packet -> (packet.vnetHeader()[0] & 1) == 1, "the checksum is left open");
            assertThat(whole).isGreaterThan(300);
            assertThat(port.counters().get(PortCounter.RX_CALLS))
                    .as("system calls for frames that no slot holds, and none for others")
                    .isBetween(1L, (long) whole);
            assertThat(port.counters().received()).isEqualTo(1_500);
            assertThat(port.counters().dropped()).isZero();
            assertThat(port.kernel().read().get("kernel_rx_dropped")).isZero();
        }
    }

    @Test
    @Tag("kernel")
    void superframesThatFindNoRoomBesideTheRingAreCountedAndSmallFramesGoOn() throws Exception {
        try (Lab lab = new Lab(512, 200)) {
            lab.cable(PortKind.PACKET_RINGS_OFFLOADS, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET_RINGS_OFFLOADS, "port0", 1500, 256);
            Sockets.receiveBuffer(port.queues().get(0).fd(), 64 * 1024);
            Wire wire = lab.wire("wire0");
            byte[] large = Frames.partial(TCP4, Frames.transport(TCP4, 30_000, 1));
            for (int i = 0; i < 100; i++) {
                wire.send(TCP4.superframeHeader(1_448), large);
                wire.send(Frames.of(0, i, 100));
            }
            List<byte[]> small = new ArrayList<>();
            lab.await("every frame", () -> {
                lab.poll(port, 256).stream()
                        .map(Lab.Packet::frame)
                        .filter(frame -> frame.length == 100)
                        .forEach(small::add);
                return port.counters().received() == 200;
            });
            assertThat(small)
                    .extracting(Frames::sequence)
                    .isEqualTo(IntStream.range(0, 100).boxed().toList());
            assertThat(port.counters().get(PortCounter.RX_DROP_TRUNCATED)).isBetween(1L, 99L);
            assertThat(port.counters().dropped()).isEqualTo(port.counters().get(PortCounter.RX_DROP_TRUNCATED));
        }
    }

    @Test
    @Tag("kernel")
    void smallFramesAndSuperframesAreSentInOrderAndTheRefusedOnesCounted() throws Exception {
        try (Lab lab = new Lab(512, 300)) {
            lab.cable(PortKind.PACKET_RINGS_OFFLOADS, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET_RINGS_OFFLOADS, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            Random random = new Random(6);
            List<byte[]> sent = new ArrayList<>();
            List<byte[]> arrived = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 2_000; i++) {
                int kind = random.nextInt(8);
                if (kind == 0) {
                    lab.enqueueWithHeader(port, 0, POINTS_OUTSIDE, Frames.of(0, i, 100));
                    refused++;
                } else {
                    boolean superframe = kind < 3;
                    int payload = superframe ? 1_449 + random.nextInt(20_000) : random.nextInt(1_400);
                    byte[] frame = Frames.partial(TCP4, Frames.transport(TCP4, payload, i));
                    byte[] header = superframe ? TCP4.superframeHeader(1_448) : TCP4.vnetHeader();
                    lab.enqueueWithHeader(port, 0, header, frame);
                    sent.add(frame);
                }
                if (random.nextInt(40) == 0) {
                    lab.flush(port);
                    arrived.addAll(wire.receive(sent.size() - arrived.size()));
                }
            }
            lab.flush(port);
            arrived.addAll(wire.receive(sent.size() - arrived.size()));
            assertThat(arrived).containsExactlyElementsOf(sent);
            assertThat(wire.partial()).isTrue();
            assertThat(port.counters().get(PortCounter.TX_DROP_REFUSED))
                    .isEqualTo(refused)
                    .isPositive();
            assertThat(port.counters().sent()).isEqualTo(sent.size());
            assertThat(port.counters().dropped()).isEqualTo(refused);
        }
    }

    @Test
    @Tag("kernel")
    void aVectorOfSmallFramesIsOneCall() throws Exception {
        try (Lab lab = new Lab(512, 10)) {
            lab.cable(PortKind.PACKET_RINGS_OFFLOADS, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET_RINGS_OFFLOADS, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            for (int i = 0; i < 256; i++) {
                lab.enqueue(port, 0, Frames.of(0, i, 60));
            }
            lab.flush(port);
            assertThat(wire.receive(256)).allMatch(Frames::isWhole);
            assertThat(port.counters().get(PortCounter.TX_CALLS)).isOne();
            assertThat(port.queues().get(0).rings()).isEqualTo(new Rings(512, 512, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = PortKind.class,
            names = {"PACKET", "PACKET_OFFLOADS", "PACKET_RINGS_OFFLOADS"})
    @Tag("kernel")
    void aFrameThatTheDeviceDropsHoldsUpNoOther(PortKind kind) throws Exception {
        try (Lab lab = new Lab(512, 10)) {
            lab.cable(kind, "port0", "wire0", 1500);
            lab.netns("wire0").ip("link set wire0 mtu 1000");
            Port port = lab.port(kind, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            int dropped = 0;
            int sent = 0;
            for (int i = 0; i < 60; i++) {
                boolean tooLong = i % 10 == 3;
                lab.enqueue(port, 0, Frames.of(0, i, tooLong ? 1_400 : 100));
                dropped += tooLong ? 1 : 0;
                sent += tooLong ? 0 : 1;
            }
            lab.flush(port);
            assertThat(wire.receive(sent)).allMatch(Frames::isWhole);
            assertThat(port.counters().get(PortCounter.TX_DROP_REFUSED)).isEqualTo(dropped);
            assertThat(port.counters().sent()).isEqualTo(sent);
        }
    }
}
