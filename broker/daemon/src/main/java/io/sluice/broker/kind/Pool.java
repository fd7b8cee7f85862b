package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;

/**
 * A connection's frame memory: a memfd whose size is sealed, so that the tenant can't truncate it under anybody (SIGBUS).
 * A hole that it punches hurts only itself. The broker maps it just long enough to register it as UMEM, which pins the
 * pages, and never reads it.
 *
 * @param memory borrowed
 * @param size bytes
 */
public record Pool(Fd memory, long size) implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SEAL = 1;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int XDP_UMEM_REG = 4;

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

    /**
     * Makes it the UMEM of an AF_XDP socket. xdp_umem_reg {addr u64, len u64, chunk_size u32, headroom u32, flags u32,
     * tx_metadata_len u32}.
     */
    void register(Fd socket, int chunkSize, int headroom) throws SyscallException {
        Pointer at = LIBC.mmap(null, size, PROT_READ_WRITE, MAP_SHARED, memory.number(), 0);
        Native.check(at.address(), "mmap(pool)");
        try {
            ByteBuffer registration = Native.allocate(32)
                    .putLong(0, at.address())
                    .putLong(8, size)
                    .putInt(16, chunkSize)
                    .putInt(20, headroom);
            Sockets.set(socket, XdpKind.SOL_XDP, XDP_UMEM_REG, registration, "XDP_UMEM_REG");
        } finally {
            LIBC.munmap(at, size);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
