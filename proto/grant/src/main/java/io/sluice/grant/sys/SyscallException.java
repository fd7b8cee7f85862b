package io.sluice.grant.sys;

import java.io.IOException;
import jnr.constants.platform.Errno;

/** A system call failed. Carries the operation and its errno, so that callers can decide and people can read. */
public final class SyscallException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int number;

    /**
     * @param operation what was tried, for example {@code bind(AF_XDP, eth1, queue 2)}
     * @param number the errno, positive
     */
    public SyscallException(String operation, int number) {
        super(operation + ": " + name(number) + " (" + Errno.valueOf(number).description() + ")");
        this.number = number;
    }

    /** The errno; {@link Errno#__UNKNOWN_CONSTANT__} if the platform's table lacks it. */
    public Errno errno() {
        return Errno.valueOf(number);
    }

    /** Whether the errno is {@code errno}. */
    public boolean is(Errno errno) {
        return errno.intValue() == number;
    }

    private static String name(int number) {
        Errno errno = Errno.valueOf(number);
        return errno == Errno.__UNKNOWN_CONSTANT__ ? "errno " + number : errno.name();
    }
}
