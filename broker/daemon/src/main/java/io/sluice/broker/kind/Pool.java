package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import jnr.ffi.Pointer;

/**
 * A connection's frame memory: a memfd whose size is sealed, so that the tenant can't truncate it under anybody (SIGBUS).
 * A hole that it punches hurts only itself. The broker maps it just long enough to register it as UMEM, which pins the
 * pages, and never reads it.
 */
public final class Pool implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SEAL = 1;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;

    private final Fd memory;
    private final long size;

    private Pool(Fd memory, long size) {
        this.memory = memory;
        this.size = size;
    }

    /** Creates the memory; {@code size} in bytes, a multiple of the page size. */
    public static Pool create(long size) throws SyscallException {
        try (Closer closer = new Closer()) {
            Fd memory = closer.add(
                    Fd.owned(LIBC.memfd_create("sluice-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create"));
            Native.check(LIBC.ftruncate(memory.number(), size), "ftruncate(pool, " + size + ")");
            Native.check(
                    LIBC.fcntl(memory.number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
                    "fcntl(F_ADD_SEALS)");
            closer.release();
            return new Pool(memory, size);
        }
    }

    /** Borrowed. */
    public Fd memory() {
        return memory;
    }

    /** Bytes. */
    public long size() {
        return size;
    }

    /** A step that needs the address of the memory in this process. */
    interface WithAddress {
        void run(long address) throws SyscallException;
    }

    /** Maps the memory for the duration of {@code step}. */
    void mapped(WithAddress step) throws SyscallException {
        Pointer at = LIBC.mmap(null, size, PROT_READ_WRITE, MAP_SHARED, memory.number(), 0);
        Native.check(at.address(), "mmap(pool)");
        try {
            step.run(at.address());
        } finally {
            LIBC.munmap(at, size);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
