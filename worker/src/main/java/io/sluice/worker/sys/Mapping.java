package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import com.kenai.jffi.MemoryIO;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;

/**
 * Shared memory of a descriptor, at most 2 GiB. After {@link #close()} an access through {@link #bytes()} crashes the JVM,
 * so the owner closes it only when the data path has let go.
 */
public final class Mapping implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MAP_POPULATE = 0x8000;

    private final Pointer at;
    private final int size;
    private final ByteBuffer bytes;

    private Mapping(Pointer at, int size) {
        this.at = at;
        this.size = size;
        this.bytes = view(at.address(), size);
    }

    /** Maps {@code size} bytes from {@code offset}, populated. The descriptor may be closed afterwards. */
    public static Mapping of(Fd fd, long offset, int size, String what) throws SyscallException {
        Pointer at = LIBC.mmap(null, size, PROT_READ_WRITE, MAP_SHARED | MAP_POPULATE, fd.number(), offset);
        Native.check(at.address(), "mmap(" + what + ")");
        return new Mapping(at, size);
    }

    /**
     * A view of foreign memory in host byte order. Nothing unmaps it: an access after {@code munmap} crashes the JVM, so
     * the owner of the mapping hands out views only to code that ends before it does.
     */
    public static ByteBuffer view(long address, int size) {
        return MemoryIO.getInstance().newDirectByteBuffer(address, size).order(ByteOrder.nativeOrder());
    }

    /** The memory, in host byte order. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Address of the first byte. */
    public long address() {
        return at.address();
    }

    /** Bytes. */
    public int size() {
        return size;
    }

    @Override
    public void close() {
        LIBC.munmap(at, size);
    }
}
