package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;

/** The CPU time of the thread that asks, up to now (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID). Allocates nothing. */
public final class ThreadClock {
    private static final int CLOCK_THREAD_CPUTIME_ID = 3;

    /** struct timespec on 64 bits: seconds s64, nanoseconds s64. */
    private final ByteBuffer time = Native.allocate(16);

    private final long address = Native.address(time);

    /** Nanoseconds that the calling thread has run. */
    public long cpuNs() {
        LIBC.clock_gettime(CLOCK_THREAD_CPUTIME_ID, address);
        return time.getLong(0) * 1_000_000_000L + time.getLong(8);
    }
}
