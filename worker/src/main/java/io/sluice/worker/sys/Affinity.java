package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** The CPUs that a thread may run on (sched_setaffinity(2)). A thread's own threads inherit them. */
public final class Affinity {
    /** CPUs that a mask has room for, as that of the C library (cpu_set_t). */
    public static final int MAX_CPUS = 1024;

    private static final int BYTES = MAX_CPUS / Byte.SIZE;

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
        int word = cpu / Long.SIZE * Long.BYTES;
        ByteBuffer mask = Native.allocate(BYTES).putLong(word, 1L << cpu % Long.SIZE);
        Native.check(LIBC.sched_setaffinity(0, BYTES, mask), "sched_setaffinity(CPU " + cpu + ")");
    }
}
