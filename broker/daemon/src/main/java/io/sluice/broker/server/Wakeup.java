package io.sluice.broker.server;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.util.concurrent.atomic.AtomicBoolean;

/** What other threads (signal handlers, the shutdown hook) may ask of the broker's thread, through an eventfd(2). */
public final class Wakeup implements AutoCloseable {
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80800;

    private final Fd event;
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicBoolean reload = new AtomicBoolean();

    public Wakeup() throws SyscallException {
        this.event = Fd.owned(LIBC.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd");
    }

    /** Ends {@link Broker#run()}. */
    public void stop() {
        stop.set(true);
        signal();
    }

    /** Has the policy read again. */
    public void reload() {
        reload.set(true);
        signal();
    }

    /** Ends a wait, or the next one. Never a write to the number of what was closed meanwhile. */
    synchronized void signal() {
        if (!event.isClosed()) {
            LIBC.write(event.number(), Native.allocate(8).putLong(0, 1), 8);
        }
    }

    Fd fd() {
        return event;
    }

    void drain() {
        LIBC.read(event.number(), Native.allocate(8), 8);
    }

    boolean stopRequested() {
        return stop.get();
    }

    boolean takeReload() {
        return reload.getAndSet(false);
    }

    @Override
    public synchronized void close() {
        event.close();
    }
}
