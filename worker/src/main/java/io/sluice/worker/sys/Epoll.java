package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Where an idle data-path thread sleeps: epoll(7) over its ports' descriptors, and an eventfd(2) by which other threads
 * wake it. A look at it, with or without a sleep, is one system call for any number of descriptors, and wakes those who
 * wait for the ones that have become readable.
 *
 * <p>Edge-triggered: what is left lying on purpose, because the port that it would go to takes nothing now, does not keep
 * the thread awake.
 */
public final class Epoll implements AutoCloseable {
    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    private static final int EPOLLET = 1 << 31;

    /** What one look takes off the kernel's list of what is ready; the rest is there at the next. */
    private static final int EVENTS = 256;

    /** struct epoll_event {events u32, data u64}: packed on x86-64, aligned elsewhere. */
    private static final int DATA = System.getProperty("os.arch").equals("amd64") ? 4 : 8;

    private static final int EVENT = DATA + 8;

    private final ByteBuffer events = Native.allocate(EVENT * EVENTS);

    private final long eventsAddress = Native.address(events);
    private final ByteBuffer interest = Native.allocate(16).putInt(0, EPOLLIN | EPOLLET);
    private final ByteBuffer counter = Native.allocate(8);
    private final long counterAddress = Native.address(counter);
    private final ByteBuffer one = Native.allocate(8).putLong(0, 1);
    private final long oneAddress = Native.address(one);
    private final Fd epoll;
    private final Fd wake;

    /** How many have added each descriptor and not removed it: tunnels share one. */
    private int[] users = new int[64];

    /** Whose descriptors those are: a closed one has left the set, and its number may belong to another by now. */
    private Fd[] members = new Fd[64];

    private Waiter[] waiters = new Waiter[64];
    private int size;

    public Epoll() throws SyscallException {
        try (Closer closer = new Closer()) {
            epoll = closer.add(Fd.owned(LIBC.epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
            wake = closer.add(Fd.owned(LIBC.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd"));
            add(wake, this::silence);
            size = 0;
            closer.release();
        }
    }

    /** Ends a sleep when {@code fd} becomes readable, or is so now. May be repeated. */
    public void add(Fd fd) throws SyscallException {
        add(fd, Waiter.NOBODY);
    }

    /** As {@link #add(Fd)}, and wakes {@code waiter}, unless another one is added for the same descriptor. */
    public void add(Fd fd, Waiter waiter) throws SyscallException {
        int number = fd.number();
        if (number >= users.length) {
            users = Arrays.copyOf(users, 2 * number);
            members = Arrays.copyOf(members, 2 * number);
            waiters = Arrays.copyOf(waiters, 2 * number);
        }
        if (users[number] == 0 || members[number] != fd) {
            interest.putLong(DATA, number);
            Native.check(LIBC.epoll_ctl(epoll.number(), EPOLL_CTL_ADD, number, interest), "epoll_ctl(ADD)");
            size += users[number] == 0 ? 1 : 0;
            members[number] = fd;
            users[number] = 0;
        }
        waiters[number] = waiter;
        users[number]++;
    }

    /** Undoes one {@link #add}. Does nothing if there was none, or if the descriptor was closed since. */
    public void remove(Fd fd) {
        if (fd.isClosed()) {
            return;
        }
        int number = fd.number();
        if (number < users.length && members[number] == fd && --users[number] == 0) {
            members[number] = null;
            size--;
            LIBC.epoll_ctl(epoll.number(), EPOLL_CTL_DEL, number, interest);
        }
    }

    /** Becomes readable, in another set, when a descriptor of this one is; borrowed. */
    public Fd fd() {
        return epoll;
    }

    /** Whether nothing but {@link #wake} can end a sleep. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Sleeps until something is ready or the time is over, 0 for no sleep, and wakes who waits for it. Allocates nothing. */
    public void await(int timeoutMs) {
        int n = LIBC.epoll_wait(epoll.number(), eventsAddress, EVENTS, timeoutMs);
        for (int i = 0; i < n; i++) {
            int number = (int) events.getLong(i * EVENT + DATA);
            if (users[number] > 0) {
                waiters[number].wake();
            }
        }
    }

    private void silence() {
        LIBC.read(wake.number(), counterAddress, 8);
    }

    /** Ends the sleep of {@link #await}, from any thread. */
    public void wake() {
        LIBC.write(wake.number(), oneAddress, 8);
    }

    @Override
    public void close() {
        wake.close();
        epoll.close();
    }
}
