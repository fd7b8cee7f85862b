package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.sys.Mapping;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rings in memory that no kernel knows, so that it can say what a kernel never would. */
class RingQueueTest {
    private static final int SLOT = 2048;
    private static final int SLOTS = 2;

    private final Counters counters = new Counters();
    private FramePool pool;
    private Mapping ring;
    private RingQueue queue;

    @BeforeEach
    void makeRings() throws SyscallException {
        pool = Pools.of(2048, 8, 0);
        Fd memory = Pools.memory(2L * SLOTS * SLOT);
        ring = Mapping.of(memory, 0, 2 * SLOTS * SLOT, "test rings");
        queue = new RingQueue(memory, SLOT, SLOTS, pool, counters, Vector.CAPACITY, SLOT);
    }

    @AfterEach
    void close() {
        queue.close();
        ring.close();
        pool.close();
    }

    @ParameterizedTest
    @CsvSource({"60, 66, 0", "1700, 348, 0", "1700, 349, 1", "60, 65535, 1", "-1, 66, 1", "2147483647, 66, 1"})
    void aSlotWhoseDataIsOutsideOfItIsDropped(int length, int from, int dropped) {
        ring.bytes().putInt(4, length).putInt(8, length).putShort(12, (short) from);
        ring.bytes().putInt(0, 1);
        Vector vector = new Vector();

        queue.poll(vector, 2);

        assertThat(counters.get(PortCounter.RX_DROP_MALFORMED)).isEqualTo(dropped);
        assertThat(vector.count).isEqualTo(1 - dropped);
        assertThat(counters.received()).isOne();
        assertThat(counters.get(PortCounter.RX_BYTES)).isEqualTo(dropped == 1 ? 0 : length);
        assertThat(ring.bytes().getInt(0)).as("the kernel's again").isZero();
    }
}
