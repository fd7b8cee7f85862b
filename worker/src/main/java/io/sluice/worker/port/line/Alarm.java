package io.sluice.worker.port.line;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** A time at which something is due, and a descriptor (timerfd_create(2)) that becomes readable then, to end a sleep. */
public final class Alarm implements AutoCloseable {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOEXEC_NONBLOCK = 0x80000 | 0x800;

    /** struct itimerspec: interval {s, ns}, value {s, ns}. */
    private final ByteBuffer time = Native.allocate(32);

    private final Fd fd;
    private long due = System.nanoTime();

    public Alarm() throws SyscallException {
        fd = Fd.owned(LIBC.timerfd_create(CLOCK_MONOTONIC, CLOEXEC_NONBLOCK), "timerfd_create");
    }

    /** Whether it is time. From the beginning, until it is set. */
    public boolean isDue() {
        return System.nanoTime() - due >= 0;
    }

    /** Due in {@code ms}, 1 or more. */
    public void set(int ms) {
        due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        time.putLong(16, ms / 1000).putLong(24, ms % 1000 * 1_000_000L);
        LIBC.timerfd_settime(fd.number(), 0, time, null);
    }

    /** Becomes readable when it is due; borrowed. */
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }
}
