package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import jnr.constants.platform.Errno;

/** accept4(2): jnr-unixsocket's accept leaves close-on-exec off and hides errno. */
final class Accept {
    private static final int SOCK_CLOEXEC_NONBLOCK = 0x80800;

    private Accept() {}

    /** A waiting connection, or null. */
    static Fd next(Fd listener) throws SyscallException {
        int fd = LIBC.accept4(listener.number(), null, null, SOCK_CLOEXEC_NONBLOCK);
        if (fd == -1
                && (Native.failedWith(Errno.EAGAIN)
                        || Native.failedWith(Errno.EINTR)
                        || Native.failedWith(Errno.ECONNABORTED))) {
            return null;
        }
        return Fd.owned(fd, "accept4");
    }
}
