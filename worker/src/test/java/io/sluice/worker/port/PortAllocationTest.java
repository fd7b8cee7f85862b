package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.memory.Vector;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The hot path allocates nothing, measured by the virtual machine's own account of this thread. */
@Tag("kernel")
@Timeout(60)
@ParameterizedClass
@EnumSource(PortKind.class)
class PortAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = 5;
    private static final int CYCLES = 3_000;
    private static final int CIRCULATING = 32;

    @Parameter
    PortKind kind;

    private Lab lab;
    private Port left;
    private Port right;

    @BeforeEach
    void joinTwoPortsByACable() throws Exception {
        lab = new Lab(8192, 600);
        lab.join(kind, "left", "right", 1500);
        left = lab.port(kind, "left", 1500, Vector.CAPACITY);
        right = lab.port(kind, "right", 1500, Vector.CAPACITY);
        THREADS.getCurrentThreadAllocatedBytes(); // the first call of all allocates
    }

    @AfterEach
    void clear() throws Exception {
        lab.close();
    }

    @Test
    void nothingIsAllocatedForPacketsThatGoToAndFro() {
        for (int i = 0; i < CIRCULATING; i++) {
            byte[] frame = Frames.of(i, i, 60 + 40 * i);
            lab.enqueue(left, i % kind.queues(), i % 2 == 0 ? frame : Frames.tagged(frame, 0x8100, i));
        }
        Vector vector = new Vector();
        run(vector); // loads classes and links call sites
        long packets = left.counters().received();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        run(vector);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertThat(left.counters().received() - packets).isGreaterThan(CYCLES);
        assertThat(allocated).isZero();
    }

    @Test
    void nothingIsAllocatedWhenTheKernelRefuses() throws Exception {
        if (!kind.hasDevice()) {
            return; // sockets without a device never refuse: their peers go, see MessagePortTest
        }
        byte[][] frames = new byte[CIRCULATING][];
        for (int i = 0; i < CIRCULATING; i++) {
            frames[i] = Frames.of(i, i, 60);
        }
        lab.netns("left").ip("link set left down");
        lab.netns("right").ip("link set right down");
        Vector vector = new Vector();
        lab.enqueue(left, 0, frames);
        run(vector);
        // Code that has run a few times only is compiled, and given up, while it runs, which allocates once. What a
        // packet
        // allocates is there in every round.
        long allocated = -1;
        for (int round = 0; round < ROUNDS && allocated != 0; round++) {
            lab.enqueue(left, 0, frames);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            run(vector);
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        Counters counters = left.counters();
        assertThat(counters.get(PortCounter.TX_DROP_REFUSED) + counters.get(PortCounter.TX_STALLS))
                .isGreaterThanOrEqualTo(2 * CIRCULATING);
        assertThat(allocated).isZero();
    }

    private void run(Vector vector) {
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            echo(left, vector);
            echo(right, vector);
        }
    }

    private static void echo(Port port, Vector vector) {
        for (int i = 0; i < port.queues().size(); i++) {
            PortQueue queue = port.queues().get(i);
            int limit = Math.min(Vector.CAPACITY, queue.room());
            if (limit > 0 && queue.poll(vector, limit) > 0) {
                queue.send(vector);
            }
            queue.flush();
            queue.pending();
        }
    }
}
