package io.sluice.worker.memory;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Mapping;

/** Memory for benchmarks as the broker would make it. */
public final class SharedMemory {
    private static final int MFD_CLOEXEC = 1;

    private SharedMemory() {}

    /** Zeroed and mapped; the caller closes it. */
    public static Mapping map(int size) throws SyscallException {
        try (Fd memory = Fd.owned(LIBC.memfd_create("sluice-micro", MFD_CLOEXEC), "memfd_create")) {
            Native.check(LIBC.ftruncate(memory.number(), size), "ftruncate");
            return Mapping.of(memory, 0, size, "benchmark");
        }
    }
}
