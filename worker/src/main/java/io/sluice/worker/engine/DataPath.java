package io.sluice.worker.engine;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Home;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.packet.ReceiveSlots;
import io.sluice.worker.port.tunnel.Underlays;
import io.sluice.worker.sys.Epoll;
import io.sluice.worker.sys.ThreadClock;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One share-nothing data-path thread: it owns a frame pool and whatever links are given to it, and runs them in a duty
 * cycle. Others change it only by commands, which run between two cycles.
 *
 * <p>Ports without a link are not polled: their frames stay with the kernel, which drops and counts.
 */
public final class DataPath implements Home, AutoCloseable {
    private static final long ALIVE_CHECK_MS = 100;

    private final FramePool pool;
    private final IdleStrategy idle;
    private final Epoll epoll = new Epoll();
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final Map<Integer, ReceiveSlots> slots = new HashMap<>();
    private final Underlays underlays;
    private final Lookout lookout = new Lookout(epoll);
    private final DutyCycle duty = new DutyCycle(epoll);
    private final Thread thread;
    private boolean running = true;

    /**
     * @param pool consumed
     * @param died told when the thread ends by an exception, which only a defect of ours can cause
     */
    public DataPath(FramePool pool, IdleStrategy idle, Consumer<Throwable> died) throws SyscallException {
        this("data-path", pool, idle, died);
    }

    /** @param name the thread's, of which the kernel has the first 15 characters */
    DataPath(String name, FramePool pool, IdleStrategy idle, Consumer<Throwable> died) throws SyscallException {
        this.pool = pool;
        this.underlays = new Underlays(pool);
        this.idle = idle;
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
        this.thread.setUncaughtExceptionHandler((dead, cause) -> died.accept(cause));
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    private void run() {
        Contention contention = new Contention(System.nanoTime(), new ThreadClock()::cpuNs);
        boolean worked = true;
        long idleSince = 0;
        while (running) {
            if (cycle() > 0) {
                worked = true;
                continue;
            }
            long now = System.nanoTime();
            if (worked) {
                worked = false;
                idleSince = now;
            }
            rest(idle.sleeps(now - idleSince, contention.isThere(now)), now, contention);
        }
        slots.values().forEach(ReceiveSlots::close);
    }

    private void rest(boolean sleeps, long now, Contention contention) {
        if (!sleeps) {
            Thread.onSpinWait();
            return;
        }
        if (!commands.isEmpty()) { // since the cycle looked for one; its look at epoll may have used up the wake-up
            return;
        }
        if (duty.untilDue() < IdleStrategy.PENDING_NS) {
            Thread.onSpinWait(); // no sleep is short enough
            return;
        }
        IdleStrategy.sleep(duty.rest(), epoll);
        contention.slept(System.nanoTime() - now);
    }

    /**
     * One cycle; returns the work that it brought. One command at most: who calls in a loop may be on this CPU and, as it is
     * told of a result, run before we do, so that its next command is always there already.
     */
    int cycle() {
        Runnable command = commands.poll();
        if (command == null) {
            return duty.run();
        }
        command.run();
        return 1 + duty.run();
    }

    /**
     * Runs {@code task} in the data-path thread, between two cycles, and waits for its result. Cold; not from the
     * data-path thread.
     *
     * @throws IllegalStateException the task failed, which is the cause, or the thread has ended
     */
    public <T> T call(Supplier<T> task) {
        requireThread();
        CompletableFuture<T> done = new CompletableFuture<>();
        commands.add(() -> {
            try {
                done.complete(task.get());
            } catch (RuntimeException | Error e) { // one bad command must not end the traffic of everybody
                done.completeExceptionally(e);
            }
        });
        epoll.wake();
        try {
            return await(done);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the data path", e);
        }
    }

    private <T> T await(CompletableFuture<T> done) throws ExecutionException, InterruptedException {
        while (true) {
            try {
                return done.get(ALIVE_CHECK_MS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (!done.isDone()) {
                    requireThread();
                }
            }
        }
    }

    private void requireThread() {
        if (!thread.isAlive()) {
            throw new IllegalStateException("the data-path thread has ended");
        }
    }

    /** The frame pool; its mutable state belongs to the data-path thread. */
    @Override
    public FramePool pool() {
        return pool;
    }

    /** Receive slots that the thread's packet ports share. Data-path thread only. */
    @Override
    public ReceiveSlots slots(boolean large, int vnet) {
        return slots.computeIfAbsent((large ? 1 << 8 : 0) | vnet, key -> new ReceiveSlots(pool, large, vnet));
    }

    /** Sockets that the thread's tunnels share. Data-path thread only. */
    public Underlays underlays() {
        return underlays;
    }

    /** What the thread's lines wait for. Data-path thread only. */
    @Override
    public Lookout lookout() {
        return lookout;
    }

    /** Receive slots that the thread's ports of message sockets share. Data-path thread only. */
    @Override
    public ReceiveSlots messageSlots(boolean large) {
        return slots.computeIfAbsent(large ? -2 : -1, key -> ReceiveSlots.withoutControl(pool, large));
    }

    /** Starts serving a link. Data-path thread only. */
    public void addLink(CrossConnect link) {
        duty.add(link);
    }

    /** Stops serving a link. Data-path thread only. */
    public void removeLink(CrossConnect link) {
        duty.remove(link);
    }

    /** Ends the thread after a cycle, and leaves its ports as they are then; they are of no more use here. */
    void halt() {
        commands.add(() -> running = false);
        epoll.wake();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the thread. Ports are closed before. */
    @Override
    public void close() {
        halt();
        lookout.close();
        epoll.close();
        pool.close();
    }
}
