package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import jnr.constants.platform.Errno;

/** The CPUs that a thread may run on (sched_setaffinity(2)). A thread's own threads inherit them. */
public final class Affinity {
    /** CPUs that a mask has room for, as that of the C library (cpu_set_t). */
    public static final int MAX_CPUS = 1024;

    private static final int BYTES = MAX_CPUS / Byte.SIZE;
    private static final Path TASKS = Path.of("/proc/self/task");

    private Affinity() {}

    /** The CPUs that the calling thread may run on now. */
    public static BitSet allowed() throws SyscallException {
        ByteBuffer mask = Native.allocate(BYTES);
        Native.check(LIBC.sched_getaffinity(0, BYTES, mask), "sched_getaffinity");
        BitSet cpus = new BitSet();
        for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
            long word = mask.getLong(cpu / Long.SIZE * Long.BYTES); // words of the host's byte order
            cpus.set(cpu, (word >>> cpu % Long.SIZE & 1) != 0);
        }
        return cpus;
    }

    /**
     * Has the calling thread run on {@code cpu} only.
     *
     * @throws SyscallException EINVAL: there is no such CPU here, or the process's cpuset does not have it
     */
    public static void pin(int cpu) throws SyscallException {
        BitSet only = new BitSet();
        only.set(cpu);
        set(0, only, "CPU " + cpu);
    }

    /**
     * Has all threads that the process has now, and those that they start from now on, run on {@code cpus} only; the JVM's own
     * among them, which nothing else reaches.
     *
     * @throws SyscallException EINVAL as for {@link #pin}
     * @throws IOException there is no /proc
     */
    public static void confineProcess(BitSet cpus) throws IOException {
        Set<Integer> done = new HashSet<>();
        // One that starts while we look may have the mask of a parent that we had not reached.
        for (List<Integer> threads = threads(); !done.containsAll(threads); threads = threads()) {
            for (int thread : threads) {
                try {
                    set(thread, cpus, "all threads");
                } catch (SyscallException e) {
                    if (e.errno() != Errno.ESRCH) { // it has ended
                        throw e;
                    }
                }
                done.add(thread);
            }
        }
    }

    private static List<Integer> threads() throws IOException {
        try (Stream<Path> tasks = Files.list(TASKS)) {
            return tasks.map(task -> Integer.valueOf(task.getFileName().toString()))
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** @param thread 0: the calling one */
    private static void set(int thread, BitSet cpus, String what) throws SyscallException {
        ByteBuffer mask = Native.allocate(BYTES);
        for (int cpu = cpus.nextSetBit(0); cpu >= 0; cpu = cpus.nextSetBit(cpu + 1)) {
            int word = cpu / Long.SIZE * Long.BYTES;
            mask.putLong(word, mask.getLong(word) | 1L << cpu % Long.SIZE);
        }
        Native.check(LIBC.sched_setaffinity(thread, BYTES, mask), "sched_setaffinity(" + what + ")");
    }
}
