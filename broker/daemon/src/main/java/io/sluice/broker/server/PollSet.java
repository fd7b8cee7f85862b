package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import jnr.constants.platform.Errno;

/**
 * One poll(2) over descriptors with a handler each. Rebuilt for every wait: the broker wakes a few times a second at most,
 * and a set that is never stale can't be wrong.
 */
final class PollSet {
    /** pollfd {fd i32, events i16, revents i16}. */
    private static final int POLLFD = 8;

    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;

    private final List<Runnable> handlers = new ArrayList<>();
    private ByteBuffer pollfds = Native.allocate(64 * POLLFD);

    /** Forgets everything. */
    void clear() {
        handlers.clear();
    }

    /** Runs {@code handler} when {@code fd} is readable or, if {@code write}, writable instead; and when its peer is gone. */
    void add(int fd, boolean write, Runnable handler) {
        int at = handlers.size() * POLLFD;
        if (at == pollfds.capacity()) {
            ByteBuffer larger = Native.allocate(2 * at);
            larger.put(0, pollfds, 0, at);
            pollfds = larger;
        }
        pollfds.putInt(at, fd);
        pollfds.putShort(at + 4, write ? POLLOUT : POLLIN);
        pollfds.putShort(at + 6, (short) 0);
        handlers.add(handler);
    }

    /**
     * Waits, then runs the handlers of what is ready, the last one first. So what was added early, as the kernel looks at
     * it earlier too, is handled after all that happened before it. {@code timeoutMs} -1: for ever.
     */
    void await(int timeoutMs) throws SyscallException {
        int ready = LIBC.poll(pollfds, handlers.size(), timeoutMs);
        if (ready == -1 && Native.failedWith(Errno.EINTR)) {
            return;
        }
        Native.check(ready, "poll");
        List<Runnable> due = new ArrayList<>(ready);
        for (int i = 0; i < handlers.size() && due.size() < ready; i++) {
            if (pollfds.getShort(i * POLLFD + 6) != 0) {
                due.add(handlers.get(i));
            }
        }
        Collections.reverse(due);
        due.forEach(Runnable::run);
    }
}
