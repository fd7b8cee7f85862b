package io.sluice.grant.sys;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An owned file descriptor. Whoever holds the {@code Fd} closes it, once; closing again does nothing. Ownership moves
 * with the object. No bare {@code int} crosses a package.
 */
public final class Fd implements AutoCloseable {
    private static final int NONE = -1;

    /** What any process may do with any descriptor. */
    public interface Calls {
        int close(int fd);

        int fcntl(int fd, int command, long argument);
    }

    private static final Calls CALLS = Native.libc(Calls.class);
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int O_NONBLOCK = 0x800;

    private final AtomicInteger number;

    private Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /** Takes ownership of the descriptor that a call returned, or throws that call's errno if it returned -1. */
    public static Fd owned(int number, String operation) throws SyscallException {
        return new Fd(Native.check(number, operation));
    }

    /** An owned, close-on-exec duplicate of a descriptor that a library opened and will close itself. */
    public static Fd duplicateOf(int borrowed) throws SyscallException {
        return owned(CALLS.fcntl(borrowed, F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD_CLOEXEC)");
    }

    /** The number, for a system call. Borrowed: it must not be kept. Throws if closed. */
    public int number() {
        int n = number.get();
        if (n == NONE) {
            throw new IllegalStateException("descriptor is closed");
        }
        return n;
    }

    /** Whether {@link #close()} has been called. */
    public boolean isClosed() {
        return number.get() == NONE;
    }

    /** A second descriptor of the same open file description, close-on-exec, owned by the caller. */
    public Fd duplicate() throws SyscallException {
        return duplicateOf(number());
    }

    /** Sets close-on-exec and non-blocking mode: what libraries that open descriptors leave out. */
    public Fd closeOnExecNonBlocking() throws SyscallException {
        Native.check(CALLS.fcntl(number(), F_SETFD, FD_CLOEXEC), "fcntl(F_SETFD)");
        int flags = Native.check(CALLS.fcntl(number(), F_GETFL, 0), "fcntl(F_GETFL)");
        Native.check(CALLS.fcntl(number(), F_SETFL, flags | O_NONBLOCK), "fcntl(F_SETFL)");
        return this;
    }

    /** Closes the descriptor. close(2) frees it even when it reports an error, so errors are of no use here. */
    @Override
    public void close() {
        int n = number.getAndSet(NONE);
        if (n != NONE) {
            CALLS.close(n);
        }
    }
}
