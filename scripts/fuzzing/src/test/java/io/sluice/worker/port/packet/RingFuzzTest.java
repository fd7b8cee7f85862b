package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any slots of a TPACKET_V2 receive ring, in memory that no kernel knows: each is a packet within its slot, or dropped and
 * counted. What a slot says to be in the socket's queue is not there, as there is no socket: it and what follows stay.
 *
 * <pre>
 *  input: slots, each 32 bytes of tpacket2_hdr
 * </pre>
 */
class RingFuzzTest {
    private static final int SLOTS = 4;
    private static final int SLOT = 2048;
    private static final int HEADER = 32;
    private static final int USER = 1;
    private static final int COPY = 2;

    private static FramePool pool;

    @BeforeAll
    static void makePool() throws SyscallException {
        pool = Pools.of(2 * SLOTS, 0);
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @FuzzTest
    void aSlotIsAPacketOrDropped(byte[] bytes) throws SyscallException {
        Input input = new Input(bytes);
        int size = SLOTS * SLOT;
        Fd memory = Pools.memory(size);
        Mapping mapping = Mapping.of(memory, 0, size, "ring");
        Counters counters = new Counters();
        ReceiveSlots receiveSlots = new ReceiveSlots(pool, false, 0);
        PacketQueue queue = new PacketQueue(
                memory,
                new ReceiveRing(memory, SLOT, SLOTS),
                null,
                pool,
                false,
                receiveSlots,
                counters,
                0,
                Vector.CAPACITY,
                SLOT);
        try {
            ByteBuffer ring = mapping.bytes().order(ByteOrder.nativeOrder());
            List<byte[]> expected = receive(input, ring);
            Vector vector = new Vector();
            queue.poll(vector, Vector.CAPACITY);
            checkReceived(expected, vector, ring, counters);
            pool.giveAll(vector);
        } finally {
            queue.close();
            receiveSlots.close();
            mapping.close();
        }
        assertThat(pool.freeFrames()).as("every frame is back").isEqualTo(pool.frames());
    }

    /** Fills the receive slots; returns what has to come out of them, null where it is to be dropped. */
    private static List<byte[]> receive(Input input, ByteBuffer ring) {
        List<byte[]> expected = new ArrayList<>();
        boolean ready = true;
        for (int i = 0; i < SLOTS; i++) {
            byte[] slot = new byte[SLOT];
            for (int at = HEADER; at < SLOT; at++) {
                slot[at] = (byte) (at * 7 + i);
            }
            byte[] header = input.bytes(HEADER);
            System.arraycopy(header, 0, slot, 0, header.length);
            ring.put(i * SLOT, slot);
            ready &= (ring.getInt(i * SLOT) & (USER | COPY)) == USER;
            if (ready) {
                expected.add(packet(ByteBuffer.wrap(slot).order(ByteOrder.nativeOrder())));
            }
        }
        return expected;
    }

    private static byte[] packet(ByteBuffer slot) {
        long length = Integer.toUnsignedLong(slot.getInt(4));
        long captured = Integer.toUnsignedLong(slot.getInt(8));
        int from = slot.getShort(12) & 0xffff;
        int room = SLOT - FramePool.HEADROOM - 4;
        if (captured != length || captured > room || captured < 14 || from + captured > SLOT) {
            return null;
        }
        byte[] packet = Pools.copy(slot, from, (int) captured);
        int status = slot.getInt(0);
        if ((status & 0x10) == 0) {
            return packet;
        }
        short tpid = (status & 0x40) != 0 ? slot.getShort(26) : (short) 0x8100;
        ByteBuffer tagged = ByteBuffer.allocate(packet.length + 4);
        tagged.put(packet, 0, 12).putShort(tpid).putShort(slot.getShort(24)).put(packet, 12, packet.length - 12);
        return tagged.array();
    }

    private static void checkReceived(List<byte[]> expected, Vector vector, ByteBuffer ring, Counters counters) {
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < vector.count; i++) {
            packets.add(Pools.copy(pool.bytes(), vector.offset[i], vector.length[i]));
        }
        assertThat(packets)
                .containsExactlyElementsOf(
                        expected.stream().filter(p -> p != null).toList());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(ring.getInt(i * SLOT)).as("the kernel's again").isZero();
        }
        assertThat(counters.received()).isEqualTo(expected.size());
        assertThat(counters.dropped()).isEqualTo(expected.size() - packets.size());
        assertThat(counters.get(PortCounter.RX_BYTES)).isNotNegative();
    }
}
