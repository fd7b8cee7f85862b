package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.Rings;
import io.sluice.worker.sys.Mapping;
import io.sluice.worker.sys.WorkerCalls;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A ring in memory that no kernel knows, so that it can say what a kernel never would, beside a socket with messages. */
class PacketQueueTest {
    private static final int SLOT = 2048;
    private static final int SLOTS = 8;
    private static final int USER = 1;
    private static final int COPIED = 3;
    private static final int MAC = 66;

    private final Counters counters = new Counters();
    private final Vector vector = new Vector();
    private FramePool pool;
    private ReceiveSlots receiveSlots;
    private Fd memory;
    private Fd far;
    private ByteBuffer ring;
    private Mapping mapping;
    private PacketQueue queue;

    @BeforeEach
    void makeARingAndASocket() throws Exception {
        pool = Pools.of(2048, 16, 6);
        receiveSlots = new ReceiveSlots(pool, true, 0);
        memory = Pools.memory((long) SLOTS * SLOT);
        mapping = Mapping.of(memory, 0, SLOTS * SLOT, "test ring");
        ring = mapping.bytes();
        List<Fd> pair = Sockets.plainPair(2);
        far = pair.get(1);
        queue = new PacketQueue(
                pair.get(0),
                new ReceiveRing(memory, SLOT, SLOTS),
                null,
                pool,
                true,
                receiveSlots,
                counters,
                0,
                Vector.CAPACITY,
                SLOT);
    }

    @AfterEach
    void close() {
        queue.close();
        receiveSlots.close();
        mapping.close();
        memory.close();
        far.close();
        pool.close();
    }

    @ParameterizedTest
    @CsvSource({
        "60, 66, 0",
        "1700, 348, 0",
        "1700, 349, 1",
        "60, 65535, 1",
        "13, 66, 1",
        "-1, 66, 1",
        "2147483647, 66, 1"
    })
    void aSlotWhoseDataIsOutsideOfItIsDropped(int length, int from, int dropped) {
        ring.putInt(4, length).putInt(8, length).putShort(12, (short) from);
        ring.putInt(0, USER);

        queue.poll(vector, 2);

        assertThat(counters.get(PortCounter.RX_DROP_MALFORMED)).isEqualTo(dropped);
        assertThat(vector.count).isEqualTo(1 - dropped);
        assertThat(counters.received()).isOne();
        assertThat(counters.get(PortCounter.RX_BYTES)).isEqualTo(dropped == 1 && length != 13 ? 0 : length);
        assertThat(ring.getInt(0)).as("the kernel's again").isZero();
    }

    @Test
    void whatIsInTheRingAndWhatIsBesideItComeInTheOrderOfTheRing() throws Exception {
        put(0, Frames.of(0, 0, 100), USER);
        put(1, Frames.of(0, 1, 5_000), COPIED);
        put(2, Frames.of(0, 2, 6_000), COPIED);
        put(3, Frames.of(0, 3, 1_800), USER);
        put(4, Frames.of(0, 4, 7_000), COPIED);
        put(5, Frames.of(0, 5, 60), USER);

        List<byte[]> frames = new ArrayList<>(poll(2));
        assertThat(frames).hasSize(2);
        frames.addAll(poll(3));
        assertThat(frames).hasSize(5);
        frames.addAll(poll(256));

        assertThat(frames).hasSize(6).allMatch(Frames::isWhole);
        assertThat(frames).extracting(Frames::sequence).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(counters.get(PortCounter.RX_CALLS))
                .as("one for the second, one for the third, one for the fifth")
                .isEqualTo(3);
        assertThat(counters.get(PortCounter.RX_BYTES)).isEqualTo(100 + 5_000 + 6_000 + 1_800 + 7_000 + 60);
        assertThat(counters.received()).isEqualTo(6);
        for (int slot = 0; slot < SLOTS; slot++) {
            assertThat(ring.getInt(slot * SLOT)).as("the kernel's again").isZero();
        }
        assertThat(poll(256)).isEmpty();
        assertThat(counters.get(PortCounter.RX_CALLS))
                .as("an empty ring costs none")
                .isEqualTo(3);
    }

    @Test
    void copiesInARowAreOneCall() throws Exception {
        for (int slot = 0; slot < SLOTS - 3; slot++) {
            put(slot, Frames.of(0, slot, 3_000), COPIED);
        }
        assertThat(poll(256)).hasSize(SLOTS - 3);
        assertThat(counters.get(PortCounter.RX_CALLS)).isOne();
    }

    @Test
    void aFrameThatFoundNoRoomInTheSocketIsCountedAndHarmsNoOther() throws Exception {
        put(0, Frames.of(0, 0, 60), USER);
        put(1, Frames.of(0, 1, 5_000), USER); // cut, and without a copy
        put(2, Frames.of(0, 2, 60), USER);

        assertThat(poll(256)).extracting(Frames::sequence).containsExactly(0, 2);
        assertThat(counters.get(PortCounter.RX_DROP_TRUNCATED)).isOne();
        assertThat(counters.received()).isEqualTo(3);
    }

    @Test
    void aCopyThatSomebodyElseHasTakenIsCountedAndHarmsNoOther() throws Exception {
        put(0, Frames.of(0, 0, 60), USER);
        mark(1, Frames.of(0, 1, 5_000), COPIED); // no message
        put(2, Frames.of(0, 2, 60), USER);

        assertThat(poll(256)).extracting(Frames::sequence).containsExactly(0, 2);
        assertThat(counters.get(PortCounter.RX_DROP_TRUNCATED)).isOne();
        assertThat(counters.received()).isEqualTo(3);
    }

    @Test
    void withoutLargeFramesTheRestWaitsInItsPlace() throws Exception {
        int[] large = new int[pool.largeFrames()];
        for (int i = 0; i < large.length; i++) {
            large[i] = pool.takeLarge();
        }
        put(0, Frames.of(0, 0, 60), USER);
        put(1, Frames.of(0, 1, 5_000), COPIED);
        put(2, Frames.of(0, 2, 60), USER);

        assertThat(poll(256)).extracting(Frames::sequence).containsExactly(0);
        assertThat(queue.pending()).isTrue();
        assertThat(counters.dropped()).isZero();
        for (int frame : large) {
            pool.give(frame);
        }

        assertThat(poll(256)).extracting(Frames::sequence).containsExactly(1, 2);
        assertThat(queue.pending()).isFalse();
    }

    @Test
    void theRingIsTheReceivingOneAlone() {
        assertThat(queue.rings()).isEqualTo(new Rings(SLOTS, 0, 0, 0));
    }

    /** As tpacket_rcv leaves a frame: as much as fits in the slot and, if it is a copy, all of it in the socket. */
    private void put(int slot, byte[] frame, int status) throws Exception {
        mark(slot, frame, status);
        if (status == COPIED) {
            ByteBuffer message = Native.allocate(frame.length).put(0, frame);
            Native.check(WorkerCalls.LIBC.send(far.number(), Native.address(message), frame.length, 0), "send");
        }
    }

    private void mark(int slot, byte[] frame, int status) {
        int at = slot * SLOT;
        int captured = Math.min(frame.length, SLOT - MAC);
        ring.put(at + MAC, frame, 0, captured);
        ring.putInt(at + 4, frame.length).putInt(at + 8, captured).putShort(at + 12, (short) MAC);
        ring.putInt(at, status);
    }

    private List<byte[]> poll(int limit) {
        List<byte[]> frames = new ArrayList<>();
        vector.clear();
        queue.poll(vector, limit);
        for (int i = 0; i < vector.count; i++) {
            byte[] frame = new byte[vector.length[i]];
            pool.bytes().get(vector.offset[i], frame);
            frames.add(frame);
        }
        pool.giveAll(vector);
        return frames;
    }
}
