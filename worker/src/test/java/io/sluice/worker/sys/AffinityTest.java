package io.sluice.worker.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
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

    /** The JVM's own threads as well, which start before anything of ours. */
    @Test
    void theWholeProcessLeavesCpusAndComesBack() throws Exception {
        BitSet allowed = Affinity.allowed();
        BitSet one = new BitSet();
        one.set(allowed.length() - 1);
        try {
            Affinity.confineProcess(one);
            assertThat(masks()).containsOnly(Integer.toString(allowed.length() - 1));
            FutureTask<BitSet> inherited = new FutureTask<>(Affinity::allowed);
            Thread later = new Thread(inherited);
            later.start();
            assertThat(inherited.get()).isEqualTo(one);
            later.join();
        } finally {
            Affinity.confineProcess(allowed);
        }
        assertThat(Affinity.allowed()).isEqualTo(allowed);
    }

    /** Cpus_allowed_list of every thread. */
    private static Set<String> masks() throws IOException {
        Set<String> masks = new HashSet<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                masks.addAll(Files.readAllLines(task.resolve("status")).stream()
                        .filter(line -> line.startsWith("Cpus_allowed_list:"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .toList());
            }
        }
        return masks;
    }

    @Test
    void aCpuThatIsNotThereIsRefused() {
        SyscallException refused =
                catchThrowableOfType(SyscallException.class, () -> Affinity.pin(Affinity.MAX_CPUS - 1));
        assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refused).hasMessageContaining("CPU 1023");
    }
}
