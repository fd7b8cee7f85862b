package io.sluice.worker.port.xdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** AF_XDP ports on devices whose frames are longer than a chunk. */
@Tag("kernel")
@Timeout(60)
class XdpLongFramesTest {
    private static final int MTU = 9000;
    private static final int LONGEST = MTU + 14;
    private static final int FRAMES = 2048;
    private static final int LARGE = 128;
    private static final int PARTS = 5; // 1792 + 3 * 2048 + 1078 bytes

    /** Around the ends of chunks: 1792 bytes of the first one are a frame's, 2048 of each other. */
    private static final int[] LENGTHS = {60, 1_791, 1_792, 1_793, 3_839, 3_840, 3_841, 7_936, 7_937, LONGEST};

    private Lab lab;
    private Wire wire;
    private Port port;

    private void lay(PortKind kind, int largeFrames) throws Exception {
        lab = new Lab(FRAMES, largeFrames);
        lab.cable(kind, "port0", "wire0", MTU);
        wire = lab.wire("wire0");
        port = lab.port(kind, "port0", MTU, Vector.CAPACITY);
    }

    @AfterEach
    void clear() throws Exception {
        lab.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"XDP_NATIVE", "XDP_SKB"})
    void framesUpToTheMtuComeAndGoWhole(PortKind kind) throws Exception {
        lay(kind, LARGE);
        long bytes = 0;
        for (int round = 0; round < 3 * XdpDevice.RING / (PARTS * LENGTHS.length); round++) {
            for (int i = 0; i < LENGTHS.length; i++) {
                byte[] frame = Frames.of(round, i, LENGTHS[i]);
                wire.send(frame);
                assertThat(lab.receive(port, 1).get(0).frame()).isEqualTo(frame);
                lab.enqueue(port, 0, frame);
                lab.flush(port);
                assertThat(wire.receive()).isEqualTo(frame);
                bytes += frame.length;
                assertThat(port.counters().received())
                        .isEqualTo(port.counters().sent())
                        .isEqualTo((long) round * LENGTHS.length + i + 1);
            }
        }
        assertThat(port.counters().get(PortCounter.RX_BYTES)).isEqualTo(bytes);
        assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(bytes);
        assertThat(port.counters().dropped()).isZero();
        lab.awaitFree(port, FRAMES + LARGE - XdpDevice.RING);
        port.queues().get(0).close();
        port.queues().get(0).reclaim();
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @ParameterizedTest
    @EnumSource(names = {"XDP_NATIVE", "XDP_SKB"})
    void manyAtOnceArriveInOrderHoweverFewArePolled(PortKind kind) throws Exception {
        lay(kind, LARGE);
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            sent.add(Frames.of(0, i, LENGTHS[i % LENGTHS.length]));
            wire.send(sent.get(i));
        }
        List<byte[]> received = new ArrayList<>();
        lab.await("40 frames", () -> {
            lab.poll(port, 1).forEach(packet -> received.add(packet.frame()));
            return received.size() == 40;
        });
        assertThat(received).containsExactly(sent.toArray(byte[][]::new));
        lab.enqueue(port, 0, sent.toArray(byte[][]::new));
        assertThat(port.queued()).isEqualTo(40);
        lab.flush(port);
        assertThat(wire.receive(40)).containsExactly(sent.toArray(byte[][]::new));
        assertThat(port.counters().sent()).isEqualTo(40);
    }

    @ParameterizedTest
    @EnumSource(names = "XDP_NATIVE")
    void whatIsTooLongOrFindsNoRoomIsDroppedWholeAndCounted(PortKind kind) throws Exception {
        lay(kind, LARGE);
        int fit = XdpDevice.RING / PARTS;
        assertThat(port.queues().get(0).room()).isEqualTo(fit);
        byte[][] frames = new byte[fit][];
        for (int i = 0; i < fit; i++) {
            frames[i] = Frames.of(0, i, LONGEST);
        }
        lab.enqueue(port, 0, Frames.of(0, 0, LONGEST + 5));
        assertThat(port.counters().get(PortCounter.TX_DROP_TOO_LONG)).isEqualTo(1);
        lab.enqueue(port, 0, frames);
        lab.enqueue(port, 0, Frames.of(0, 0, LONGEST), Frames.of(0, fit, 1_792), Frames.of(0, 0, 1_793));
        assertThat(port.counters().get(PortCounter.TX_DROP_FULL)).isEqualTo(2);
        lab.flush(port);
        assertThat(wire.receive(fit)).containsExactly(frames);
        assertThat(wire.receive()).isEqualTo(Frames.of(0, fit, 1_792));
        assertThat(wire.poll()).isNull();
        assertThat(port.counters().sent()).isEqualTo(fit + 1);
    }

    @ParameterizedTest
    @EnumSource(names = "XDP_NATIVE")
    void aLongFrameWithoutALargeOneForItIsCountedAndHarmsNoOther(PortKind kind) throws Exception {
        lay(kind, 1);
        FramePool pool = lab.pool();
        int large = pool.takeLarge();
        wire.send(Frames.of(0, 0, 60));
        wire.send(Frames.of(0, 1, LONGEST));
        wire.send(Frames.of(0, 2, 60));
        assertThat(lab.receive(port, 2).stream().map(Lab.Packet::frame))
                .containsExactly(Frames.of(0, 0, 60), Frames.of(0, 2, 60));
        assertThat(port.counters().get(PortCounter.RX_DROP_NO_FRAME)).isEqualTo(1);
        assertThat(port.counters().received()).isEqualTo(3);
        pool.give(large);
        wire.send(Frames.of(0, 3, LONGEST));
        assertThat(lab.receive(port, 1).get(0).frame()).isEqualTo(Frames.of(0, 3, LONGEST));
        assertThat(port.counters().dropped()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = "XDP_NATIVE")
    void framesThatWaitWhenThePortIsRemovedAreDroppedAndTheirMemoryComesBack(PortKind kind) throws Exception {
        lay(kind, LARGE);
        lab.enqueue(port, 0, Frames.of(0, 0, LONGEST), Frames.of(0, 1, 60), Frames.of(0, 2, LONGEST));
        port.queues().get(0).close();
        assertThat(port.counters().get(PortCounter.TX_DROP_CLOSED)).isEqualTo(3);
        port.queues().get(0).reclaim();
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @ParameterizedTest
    @EnumSource(names = "XDP_NATIVE")
    void aPoolWithoutLargeFramesIsRefused(PortKind kind) {
        assertThatThrownBy(() -> lay(kind, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("an MTU of 9000 needs large frames and this worker has none; start it with --large-frames");
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES);
    }
}
