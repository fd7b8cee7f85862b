package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Vector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link PortQueue} promises, of every kind of port, over real sockets and a real cable. */
@Tag("kernel")
@Timeout(60)
@ParameterizedClass
@EnumSource(PortKind.class)
class PortContractTest {
    private static final int MTU = 1500;
    private static final int LONGEST = MTU + 14;
    private static final int FRAMES = 4096;
    private static final int LARGE = 400;

    /** For a test that takes them one by one. */
    private static final int FEW = 40;

    @Parameter
    PortKind kind;

    private Lab lab;
    private Port port;
    private Wire wire;

    @BeforeEach
    void layACable() throws Exception {
        lab = new Lab(FRAMES, LARGE);
        lab.cable(kind, "port0", "wire0", 3000);
        port = lab.port(kind, "port0", MTU, Vector.CAPACITY);
        wire = lab.wire("wire0");
    }

    @AfterEach
    void clear() throws Exception {
        lab.close();
    }

    @Test
    void framesArriveWholeAndEachFlowInOrder() throws Exception {
        Random random = new Random(1);
        int[] next = new int[16];
        long bytes = 0;
        List<Lab.Packet> packets = new ArrayList<>();
        for (int burst = 0; burst < 40; burst++) {
            for (int i = 0; i < 50; i++) {
                int flow = random.nextInt(next.length);
                byte[] frame = Frames.of(flow, next[flow]++, 60 + random.nextInt(LONGEST - 59));
                wire.send(frame);
                bytes += frame.length;
            }
            packets.addAll(lab.receive(port, 50));
        }
        assertInOrder(packets.stream().map(Lab.Packet::frame).toList(), next);
        assertThat(packets).allMatch(packet -> packet.flags() == (kind.offloads() ? Vector.VNET : 0));
        assertThat(packets.stream().map(Lab.Packet::queue).distinct()).hasSize(kind.spreads() ? kind.queues() : 1);
        assertThat(port.counters().received()).isEqualTo(2_000);
        assertThat(port.counters().get(PortCounter.RX_BYTES)).isEqualTo(bytes);
        assertThat(port.counters().get(PortCounter.RX_VECTORS)).isBetween(8L, 2_000L);
        assertThat(port.counters().dropped()).isZero();
    }

    @Test
    void whatIsSentIsOnTheWireWholeAndInOrderAndItsFramesAreFreeAgain() throws Exception {
        int free = lab.pool().freeFrames();
        Random random = new Random(2);
        int[] next = new int[kind.queues()];
        long bytes = 0;
        List<byte[]> arrived = new ArrayList<>();
        for (int burst = 0; burst < 20; burst++) {
            for (int i = 0; i < 60; i++) {
                int queue = random.nextInt(next.length);
                byte[] frame = Frames.of(queue, next[queue]++, 60 + random.nextInt(LONGEST - 59));
                lab.enqueue(port, queue, frame);
                bytes += frame.length;
            }
            lab.flush(port);
            arrived.addAll(wire.receive(60));
        }
        assertInOrder(arrived, next);
        assertThat(wire.poll()).isNull();
        assertThat(port.counters().sent()).isEqualTo(1_200);
        assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(bytes);
        assertThat(port.counters().get(PortCounter.TX_CALLS)).isPositive();
        assertThat(port.counters().dropped()).isZero();
        lab.awaitFree(port, free - fillGrowth());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 256})
    void aVectorNeverExceedsItsLimit(int limit) throws Exception {
        for (int i = 0; i < FEW; i++) {
            wire.send(Frames.of(i % 8, i / 8, 60));
        }
        List<byte[]> frames = new ArrayList<>();
        Vector vector = new Vector();
        lab.await(FEW + " packets", () -> {
            for (PortQueue queue : port.queues()) {
                assertThat(queue.poll(vector, limit)).isEqualTo(vector.count).isLessThanOrEqualTo(limit);
                for (int i = 0; i < vector.count; i++) {
                    byte[] frame = new byte[vector.length[i]];
                    lab.pool().bytes().get(vector.offset[i], frame);
                    frames.add(frame);
                }
                lab.pool().giveAll(vector);
            }
            return frames.size() == FEW;
        });
        assertInOrder(frames, new int[] {5, 5, 5, 5, 5, 5, 5, 5});
        assertThat(port.counters().get(PortCounter.RX_VECTORS)).isGreaterThanOrEqualTo((FEW + limit - 1) / limit);
    }

    @Test
    void aQueueTakesAsManyAsItHasRoomForAndDropsTheRest() throws Exception {
        PortQueue queue = port.queues().get(0);
        int room = queue.room();
        assertThat(room).isGreaterThanOrEqualTo(Vector.CAPACITY);
        int free = lab.pool().freeFrames();
        for (int i = 0; i < room + 10; i++) {
            lab.enqueue(port, 0, Frames.of(0, i, 60));
            assertThat(queue.room()).isEqualTo(Math.max(0, room - i - 1));
        }
        assertThat(port.counters().get(PortCounter.TX_DROP_FULL)).isEqualTo(10);
        assertThat(port.counters().dropped()).isEqualTo(10);
        assertThat(port.queued()).isEqualTo(room);
        assertThat(queue.pending()).isTrue();
        assertThat(lab.pool().freeFrames()).isEqualTo(free - room);

        lab.flush(port);

        assertThat(queue.pending()).isFalse();
        assertInOrder(wire.receive(room), new int[] {room});
        assertThat(port.counters().sent()).isEqualTo(room);
        lab.awaitFree(port, free - fillGrowth());
        assertThat(queue.room()).isEqualTo(room);
    }

    @Test
    void aVectorThatFitsInPartIsTakenInPart() throws Exception {
        PortQueue queue = port.queues().get(0);
        int room = queue.room();
        lab.enqueue(port, 0, frames(0, room - 100));
        lab.enqueue(port, 0, frames(room - 100, 256));
        assertThat(port.counters().get(PortCounter.TX_DROP_FULL)).isEqualTo(156);
        lab.flush(port);
        assertInOrder(wire.receive(room), new int[] {room});
    }

    @Test
    void everyPacketIsAccountedForUnderRandomTraffic() throws Exception {
        Random random = new Random(3);
        int[] next = new int[8];
        Vector vector = new Vector();
        long offered = 0;
        long discarded = 0;
        int onTheWire = 0;
        for (int cycle = 0; cycle < 1_500; cycle++) {
            for (int i = random.nextInt(6); i > 0; i--, offered++) {
                int flow = random.nextInt(next.length);
                wire.send(Frames.of(flow, next[flow]++, 60 + random.nextInt(random.nextInt(4) == 0 ? 2_000 : 300)));
            }
            PortQueue from = port.queues().get(random.nextInt(kind.queues()));
            PortQueue to = port.queues().get(random.nextInt(kind.queues()));
            from.poll(vector, 1 + random.nextInt(20));
            if (random.nextInt(5) == 0) {
                discarded += vector.count;
                lab.pool().giveAll(vector);
            } else {
                to.send(vector);
                assertThat(vector.count).isZero();
            }
            if (random.nextInt(3) == 0) {
                to.flush();
            }
            Counters now = port.counters();
            assertThat(now.received()).isEqualTo(now.sent() + now.dropped() + discarded + port.queued());
            for (byte[] frame = wire.poll(); frame != null; frame = wire.poll()) {
                assertThat(Frames.isWhole(frame)).isTrue();
                onTheWire++;
            }
        }
        lab.flush(port);
        onTheWire += wire.receive((int) port.counters().sent() - onTheWire).size();
        assertThat(wire.poll()).isNull();
        assertThat(onTheWire).isEqualTo(port.counters().sent()).isGreaterThan(500);
        assertThat(port.counters().dropped()).isPositive(); // there were frames longer than the MTU
        assertThat(port.counters().received()).isLessThanOrEqualTo(offered);
    }

    @Test
    void framesLongerThanTheMtuAreNotSentAndTheLongestAre() throws Exception {
        byte[] tagged = Frames.tagged(Frames.of(0, 1, LONGEST), 0x8100, 5);
        lab.enqueue(port, 0, Frames.of(0, 0, LONGEST), tagged, Frames.of(0, 9, LONGEST + 5), Frames.of(0, 9, 1_790));
        lab.enqueue(port, 0, Frames.of(0, 9, 9_000));
        assertThat(port.counters().get(PortCounter.TX_DROP_TOO_LONG)).isEqualTo(3);
        lab.flush(port);
        assertThat(wire.receive(2)).containsExactly(Frames.of(0, 0, LONGEST), tagged);
        assertThat(wire.poll()).isNull();
        assertThat(port.counters().sent()).isEqualTo(2);
    }

    @Test
    void aFrameTooLongForItsBufferIsCountedAndHarmsNoOther() throws Exception {
        wire.send(Frames.of(0, 0, 60));
        wire.send(Frames.of(0, 1, 2_500));
        wire.send(Frames.of(0, 2, 60));
        List<byte[]> frames = lab.receive(port, kind.takesLongFrames() ? 3 : 2).stream()
                .map(Lab.Packet::frame)
                .toList();
        if (kind.takesLongFrames()) {
            assertInOrder(frames, new int[] {3});
        } else {
            assertThat(frames).containsExactly(Frames.of(0, 0, 60), Frames.of(0, 2, 60));
            long here = port.counters().get(PortCounter.RX_DROP_TRUNCATED);
            long inTheKernel = port.kernel().read().getOrDefault("kernel_rx_dropped", 0L);
            assertThat(here).isEqualTo(kind.isXdp() ? 0 : 1);
            assertThat(inTheKernel).isEqualTo(kind.isXdp() ? 1 : 0);
        }
        assertThat(port.counters().received()).isEqualTo(kind.isXdp() && !kind.takesLongFrames() ? 2 : 3);
    }

    @Test
    void taggedFramesComeAndGoUnchanged() throws Exception {
        byte[] inner = Frames.of(0, 0, 300);
        byte[] once = Frames.tagged(inner, 0x8100, 0x6064);
        byte[] service = Frames.tagged(inner, 0x88a8, 0x0fff);
        byte[] twice = Frames.tagged(once, 0x88a8, 0x2001);
        byte[] priority = Frames.tagged(inner, 0x8100, 0xe000);
        List<byte[]> sent = List.of(once, service, twice, priority, inner);
        for (byte[] frame : sent) {
            wire.send(frame);
        }
        Vector vector = new Vector();
        lab.await("the echo of five frames", () -> {
            for (PortQueue queue : port.queues()) {
                queue.poll(vector, Vector.CAPACITY);
                queue.send(vector);
                queue.flush();
            }
            return port.counters().sent() == sent.size();
        });
        assertThat(wire.receive(5)).containsExactlyInAnyOrderElementsOf(sent);
        long bytes = sent.stream().mapToLong(frame -> frame.length).sum();
        assertThat(port.counters().get(PortCounter.RX_BYTES)).isEqualTo(bytes);
        assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(bytes);
    }

    @Test
    void superframesPassWholeOrAreSegmented() throws Exception {
        byte[] frame = Frames.partial(Frames.Transport.TCP4, Frames.transport(Frames.Transport.TCP4, 45 * 1_448, 1));
        byte[] header = Frames.Transport.TCP4.superframeHeader(1_448);
        assertThat(frame.length).isGreaterThan(65_000);
        lab.enqueueWithHeader(port, 0, header, frame);
        lab.flush(port);
        if (kind.offloads()) {
            assertThat(wire.receive()).isEqualTo(frame);
            assertThat(wire.vnetHeader()).isEqualTo(header);
            assertThat(port.counters().sent()).isEqualTo(1);

            wire.send(header, frame);
            Lab.Packet received = lab.receive(port, 1).get(0);
            assertThat(received.frame()).isEqualTo(frame);
            assertThat(received.vnetHeader()).isEqualTo(header);
        } else {
            for (int i = 0; i < 45; i++) {
                byte[] segment = wire.receive();
                assertThat(segment).hasSize(frame.length - 44 * 1_448);
                assertThat(Frames.checksumIsValid(Frames.Transport.TCP4, segment))
                        .isTrue();
            }
            assertThat(port.counters().created()).isEqualTo(44);
            assertThat(port.counters().dropped()).isZero();
            wire.send(Frames.of(0, 0, 60));
            assertThat(lab.receive(port, 1)).hasSize(1);
        }
        if (kind == PortKind.TAP || kind == PortKind.TAP_TWO_QUEUES || kind == PortKind.HYBRID) {
            wire.send(header, frame); // the kernel segments it: the device has told that its reader can't
            assertThat(lab.receive(port, 45)).allMatch(packet -> packet.frame().length == frame.length - 44 * 1_448);
        } else if (!kind.takesLongFrames() && !kind.isXdp()) {
            wire.send(header, frame);
            lab.await("the truncated superframe", () -> {
                assertThat(lab.poll(port, 256)).isEmpty();
                return port.counters().get(PortCounter.RX_DROP_TRUNCATED) == 1;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(Frames.Transport.class)
    void partialChecksumsArePassedOnOrCompleted(Frames.Transport transport) throws Exception {
        byte[] frame = Frames.transport(transport, 701, 1);
        lab.enqueueWithHeader(port, 0, transport.vnetHeader(), Frames.partial(transport, frame));
        lab.flush(port);
        byte[] arrived = wire.receive();
        if (kind.offloads()) {
            assertThat(wire.partial()).isTrue();
            assertThat(arrived).isEqualTo(Frames.partial(transport, frame));
        } else {
            assertThat(wire.partial()).isFalse();
            assertThat(Frames.checksumIsValid(transport, arrived)).isTrue();
            assertThat(arrived).isEqualTo(frame);
        }
    }

    @Test
    void closingGivesEveryFrameBackAndClosesEveryDescriptor() throws Exception {
        for (int i = 0; i < 300; i++) {
            wire.send(Frames.of(i % 16, i / 16, 200));
        }
        lab.receive(port, 100);
        lab.enqueue(port, kind.queues() - 1, frames(0, 200));
        lab.flush(port);
        lab.enqueue(port, kind.queues() - 1, frames(200, 50)); // not flushed
        Set<String> sockets = new HashSet<>();
        for (PortQueue queue : port.queues()) {
            sockets.add(
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + queue.fd().number()))
                            .toString());
        }

        port.queues().forEach(PortQueue::close);

        assertThat(port.counters().get(PortCounter.TX_DROP_CLOSED)).isEqualTo(50);
        assertThat(port.counters().sent()).isEqualTo(200);
        assertThat(port.queued()).isZero();
        assertThat(port.queues()).allMatch(queue -> queue.fd().isClosed());
        assertThat(sockets).hasSize(kind.isTap() ? 1 : kind.queues()); // queues of a tap device are files of one name
        assertThat(openDescriptors()).isNotEmpty().doesNotContainAnyElementsOf(sockets);
        port.queues().forEach(PortQueue::reclaim);
        lab.closeSlots();
        assertEveryFrameIsFreeOnce();
    }

    @Test
    void aDeviceThatGoesDownComesUpAndVanishesIsSurvivedAndCounted() throws Exception {
        if (!kind.hasDevice()) {
            return; // peers that go and come again: MessagePortTest, StreamPortTest
        }
        echo(200);
        assertThat(port.counters().sent()).isPositive();

        lab.netns().ip("link set port0 down");
        for (int i = 0; i < 100; i++) {
            lab.enqueue(port, i % kind.queues(), Frames.of(0, i, 60));
            cycle();
        }
        assertThat(port.counters().get(PortCounter.TX_DROP_REFUSED)
                        + port.counters().get(PortCounter.TX_STALLS))
                .isPositive();
        assertBalance(100);

        lab.up("port0");
        lab.flush(port);
        long before = port.counters().sent();
        echo(200);
        assertThat(port.counters().sent()).isGreaterThan(before);

        lab.netns().ip("link del port0");
        for (int i = 0; i < 100; i++) {
            lab.enqueue(port, i % kind.queues(), Frames.of(0, i, 60));
            cycle();
        }
        assertBalance(200);
        port.queues().forEach(PortQueue::close);
        port.queues().forEach(PortQueue::reclaim);
        lab.closeSlots();
        assertEveryFrameIsFreeOnce();
    }

    @Test
    void aQuietPortBringsNothingAndCountsNothing() {
        Vector vector = new Vector();
        for (PortQueue queue : port.queues()) {
            assertThat(queue.poll(vector, 256)).isZero();
            assertThat(queue.flush()).isZero();
            assertThat(queue.pending()).isFalse();
        }
        for (PortCounter counter : PortCounter.values()) {
            if (counter != PortCounter.RX_CALLS) {
                assertThat(port.counters().get(counter)).as(counter.label()).isZero();
            }
        }
    }

    // Steps

    private static byte[][] frames(int from, int count) {
        return Stream.iterate(from, i -> i + 1)
                .limit(count)
                .map(i -> Frames.of(0, i, 60))
                .toArray(byte[][]::new);
    }

    /** Sends so many frames to the port, which sends them back. */
    private void echo(int count) throws Exception {
        long due = port.counters().sent() + count;
        for (int i = 0; i < count; i++) {
            wire.send(Frames.of(i % 16, i, 60));
        }
        lab.await("an echo of " + count, () -> {
            cycle();
            return port.counters().sent() >= due;
        });
        wire.receive(count);
    }

    private void cycle() {
        Vector vector = new Vector();
        for (PortQueue queue : port.queues()) {
            queue.poll(vector, Vector.CAPACITY);
            queue.send(vector);
            queue.flush();
        }
    }

    /** @param ours packets that were not received first */
    private void assertBalance(long ours) {
        Counters counters = port.counters();
        assertThat(counters.received() + ours).isEqualTo(counters.sent() + counters.dropped() + port.queued());
    }

    private void assertInOrder(List<byte[]> frames, int[] counts) {
        Map<Integer, Integer> next = new HashMap<>();
        for (byte[] frame : frames) {
            assertThat(Frames.isWhole(frame)).isTrue();
            int flow = Frames.flow(frame);
            assertThat(Frames.sequence(frame)).isEqualTo(next.getOrDefault(flow, 0));
            next.merge(flow, 1, Integer::sum);
        }
        for (int flow = 0; flow < counts.length; flow++) {
            assertThat(next.getOrDefault(flow, 0)).as("flow " + flow).isEqualTo(counts[flow]);
        }
    }

    /** Frames that a fill ring took meanwhile: it grows to its full length. */
    private int fillGrowth() {
        return kind.isXdp() ? kind.queues() * 512 : 0;
    }

    private void assertEveryFrameIsFreeOnce() {
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES + LARGE);
        Set<Integer> frames = new HashSet<>();
        for (int i = 0; i < FRAMES; i++) {
            frames.add(lab.pool().take());
        }
        for (int i = 0; i < LARGE; i++) {
            frames.add(lab.pool().takeLarge());
        }
        assertThat(frames).hasSize(FRAMES + LARGE).doesNotContain(-1);
    }

    /** What this process has open: "socket:[4711]" and the like. */
    private static List<String> openDescriptors() throws Exception {
        List<String> open = new ArrayList<>();
        try (Stream<Path> paths = Files.list(Path.of("/proc/self/fd"))) {
            for (Path path : paths.toList()) {
                if (Files.isSymbolicLink(path)) { // the one that lists the directory is gone by now
                    open.add(Files.readSymbolicLink(path).toString());
                }
            }
        }
        return open;
    }
}
