package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** A descriptor (timerfd_create(2)) that becomes readable at a time, to end a sleep. */
final class Alarm implements AutoCloseable {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOEXEC_NONBLOCK = 0x80000 | 0x800;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** struct itimerspec: interval {s, ns}, value {s, ns}. */
    private final ByteBuffer time = Native.allocate(32);

    private final Fd fd;

    Alarm() throws SyscallException {
        fd = Fd.owned(LIBC.timerfd_create(CLOCK_MONOTONIC, CLOEXEC_NONBLOCK), "timerfd_create");
    }

    /** Readable in {@code ns}, at once if that is 0 or less, and not before; replaces what was set. */
    void set(long ns) {
        long in = Math.max(ns, 1); // 0 would switch it off
        time.putLong(16, in / SECOND).putLong(24, in % SECOND);
        LIBC.timerfd_settime(fd.number(), 0, time, null);
    }

    /** Borrowed. */
    Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }
}
