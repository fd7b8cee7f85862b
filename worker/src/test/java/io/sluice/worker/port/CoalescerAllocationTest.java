package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.lab.Flow;
import io.sluice.worker.lab.Frames.Transport;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Putting packets together allocates nothing, and neither does leaving them as they are. */
@Timeout(60)
class CoalescerAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final List<Transport> TRANSPORTS = List.of(Transport.values());
    private static final int ROUNDS = 5;
    private static final int CYCLES = 5_000;

    private final Vector vector = new Vector();
    private final Counters counters = new Counters();

    @Test
    void nothingIsAllocated() throws Exception {
        List<byte[]> frames = new ArrayList<>();
        for (int flow = 0; flow < 20; flow++) {
            Flow row = new Flow(TRANSPORTS.get(flow % TRANSPORTS.size()), flow);
            frames.add(row.next(700));
            frames.add(row.next(700));
            frames.add(row.next(701)); // left alone
            frames.add(row.next(60));
        }
        byte[][] packets = frames.toArray(byte[][]::new);
        THREADS.getCurrentThreadAllocatedBytes(); // the first call of all allocates
        try (FramePool pool = Pools.of(2048, 128, 48)) {
            Coalescer coalescer = new Coalescer(pool, counters);
            run(coalescer, pool, packets);
            assertThat(counters.merged()).isEqualTo(2L * CYCLES * 20);
            // Code that is compiled anew while it runs allocates once; what a packet allocates is there in every round.
            long allocated = -1;
            for (int round = 0; round < ROUNDS && allocated != 0; round++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                run(coalescer, pool, packets);
                allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(allocated).isZero();
        }
    }

    private void run(Coalescer coalescer, FramePool pool, byte[][] packets) {
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            for (byte[] packet : packets) {
                int offset = pool.take() + FramePool.HEADROOM;
                pool.bytes().put(offset, packet);
                vector.add(offset, packet.length, 0);
            }
            coalescer.run(vector, Offload.segmentations());
            pool.giveAll(vector);
        }
    }
}
