package io.sluice.fuzzing;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Memory that targets keep for the whole run: a pool costs more than a run. */
public final class Pools {
    private static final int MFD_CLOEXEC = 1;

    private Pools() {}

    /** A pool of small frames of 2048 bytes, and large ones. */
    public static FramePool of(int frames, int largeFrames) throws SyscallException {
        int size = (int) FramePool.sizeOf(2048, frames, largeFrames);
        try (Fd memory = memory(size)) {
            return new FramePool(Mapping.of(memory, 0, size, "pool"), 2048, frames, largeFrames);
        }
    }

    /** Zeroed memory of {@code size} bytes. */
    public static Fd memory(int size) throws SyscallException {
        Fd memory = Fd.owned(LIBC.memfd_create("sluice-fuzz", MFD_CLOEXEC), "memfd_create");
        Native.check(LIBC.ftruncate(memory.number(), size), "ftruncate");
        return memory;
    }

    /** Makes every byte of it {@code value}. */
    public static void fill(ByteBuffer memory, int value) {
        byte[] bytes = new byte[memory.capacity()];
        Arrays.fill(bytes, (byte) value);
        memory.put(0, bytes);
    }

    /** A copy of a part. */
    public static byte[] copy(ByteBuffer memory, int offset, int length) {
        byte[] bytes = new byte[length];
        memory.get(offset, bytes);
        return bytes;
    }
}
