package io.sluice.worker.memory;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Mapping;
import java.util.List;

/** Frame pools and other shared memory for tests, on memfds of their own. */
public final class Pools {
    private static final int MFD_CLOEXEC = 1;

    private Pools() {}

    /** A pool, which the caller closes. */
    public static FramePool of(int frameSize, int frames, int largeFrames) throws SyscallException {
        try (Fd memory = memory(FramePool.sizeOf(frameSize, frames, largeFrames))) {
            return of(memory, frameSize, frames, largeFrames);
        }
    }

    /** Pools for several threads, each of which the caller closes. */
    public static List<FramePool> cut(int frameSize, int frames, int largeFrames, int pools) throws SyscallException {
        int size = (int) FramePool.sizeOf(frameSize, frames, largeFrames);
        try (Fd memory = memory(size)) {
            return FramePool.cut(Mapping.of(memory, 0, size, "test pools"), frameSize, frames, largeFrames, pools);
        }
    }

    /** A pool in memory that is borrowed. */
    public static FramePool of(Fd memory, int frameSize, int frames, int largeFrames) throws SyscallException {
        return new FramePool(
                Mapping.of(memory, 0, (int) FramePool.sizeOf(frameSize, frames, largeFrames), "test pool"),
                frameSize,
                frames,
                largeFrames);
    }

    /** Zeroed memory of {@code size} bytes. */
    public static Fd memory(long size) throws SyscallException {
        Fd memory = Fd.owned(LIBC.memfd_create("sluice-test", MFD_CLOEXEC), "memfd_create");
        Native.check(LIBC.ftruncate(memory.number(), size), "ftruncate");
        return memory;
    }
}
