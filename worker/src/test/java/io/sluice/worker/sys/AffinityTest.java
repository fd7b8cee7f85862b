package io.sluice.worker.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.grant.sys.SyscallException;
import java.util.BitSet;
import java.util.concurrent.FutureTask;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;

class AffinityTest {
    /** A thread of its own, as a pin stays. */
    private static BitSet pinned(int cpu) throws Exception {
        FutureTask<BitSet> task = new FutureTask<>(() -> {
            Affinity.pin(cpu);
            return Affinity.allowed();
        });
        Thread thread = new Thread(task);
        thread.start();
        thread.join();
        return task.get();
    }

    @Test
    void aThreadIsPinnedToAnyOfItsCpusAndNobodyElseIs() throws Exception {
        BitSet allowed = Affinity.allowed();
        assertThat(allowed.cardinality()).isPositive();
        for (int cpu = allowed.nextSetBit(0); cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
            BitSet one = new BitSet();
            one.set(cpu);
            assertThat(pinned(cpu)).isEqualTo(one);
        }
        assertThat(Affinity.allowed()).isEqualTo(allowed);
    }

    @Test
    void aCpuThatIsNotThereIsRefused() {
        SyscallException refused =
                catchThrowableOfType(SyscallException.class, () -> Affinity.pin(Affinity.MAX_CPUS - 1));
        assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refused).hasMessageContaining("CPU 1023");
    }
}
