package io.sluice.broker.net;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A network namespace without a name. It lives while this descriptor, or a socket made in it, is open; its loopback stays
 * down.
 *
 * <p>A namespace belongs to a thread, and a thread that has changed its own is good for nothing else. So each job in one
 * gets a new platform thread that ends with it: a pooled or virtual thread would carry the namespace into the next task.
 *
 * @param fd the descriptor; the namespace owns it
 */
public record NetNamespace(Fd fd) implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int O_CLOEXEC = 0x80000;
    private static final String SELF = "/proc/thread-self/ns/net";

    /** What runs inside. */
    public interface Body<T> {
        T run() throws IOException;
    }

    /** Creates one. Needs CAP_SYS_ADMIN. */
    public static NetNamespace create() throws IOException {
        return inNewThread(() -> {
            Native.check(LIBC.unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
            return new NetNamespace(Fd.owned(LIBC.open(SELF, O_CLOEXEC), "open(" + SELF + ")"));
        });
    }

    /**
     * Runs {@code body} inside, in a thread that has ended when this returns, and throws what it throws. An interrupt of
     * the caller does not cut it short. A body must start no thread, nor process: it would inherit the namespace. Needs
     * CAP_SYS_ADMIN.
     */
    public <T> T call(Body<T> body) throws IOException {
        return inNewThread(() -> {
            Native.check(LIBC.setns(fd.number(), CLONE_NEWNET), "setns(CLONE_NEWNET)");
            return body.run();
        });
    }

    private static <T> T inNewThread(Body<T> body) throws IOException {
        FutureTask<T> task = new FutureTask<>(body::run);
        Thread thread = new Thread(null, task, "netns", 0, false);
        thread.start();
        join(thread);
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw (Error) e.getCause();
        } catch (InterruptedException e) {
            throw new AssertionError("the task is done", e);
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
