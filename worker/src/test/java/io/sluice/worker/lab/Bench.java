package io.sluice.worker.lab;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.packet.ReceiveSlots;
import io.sluice.worker.sys.Epoll;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A pool, and a port of one queue that needs no device, driven by the test's own thread. Needs no right. */
public final class Bench implements AutoCloseable {
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int FRAMES = 2048;
    private static final int LARGE = 64;

    private final FramePool pool = Pools.of(2048, FRAMES, LARGE);
    private final ReceiveSlots small = ReceiveSlots.withoutControl(pool, false);
    private final ReceiveSlots large = ReceiveSlots.withoutControl(pool, true);
    private final Epoll epoll = new Epoll();
    private final Lookout lookout = new Lookout(epoll);
    private final Closer kept = new Closer();
    private final Vector vector = new Vector();
    private Port port;

    public Bench() throws IOException {}

    /** Facts about a port of 1500 bytes MTU. */
    public static PortInfo info(String kind, int mtu) {
        return new PortInfo("port0", kind, "", 0, "", 0, mtu, "", Vector.CAPACITY, List.of());
    }

    /** The port to drive from now on. */
    public Port use(Port used) {
        port = used;
        return used;
    }

    /** A peer to be closed at the end. */
    public <T extends Wire> T keep(T wire) {
        kept.add(wire::close);
        return wire;
    }

    /** A descriptor to be closed at the end. */
    public Fd keep(Fd fd) {
        return kept.add(fd);
    }

    public FramePool pool() {
        return pool;
    }

    /** Receive slots for messages. */
    public ReceiveSlots slots(boolean wantLarge) {
        return wantLarge ? large : small;
    }

    /** What lines wait for; looked after in each cycle. */
    public Lookout lookout() {
        return lookout;
    }

    private PortQueue queue() {
        return port.queues().get(0);
    }

    /** One cycle; returns what has been received. */
    public List<byte[]> cycle() {
        List<byte[]> frames = new ArrayList<>();
        epoll.await(0);
        queue().poll(vector, Vector.CAPACITY);
        for (int i = 0; i < vector.count; i++) {
            byte[] frame = new byte[vector.length[i]];
            pool.bytes().get(vector.offset[i], frame);
            frames.add(frame);
        }
        pool.giveAll(vector);
        queue().flush();
        return frames;
    }

    /** Cycles until so many frames have been received. */
    public List<byte[]> receive(int count) {
        List<byte[]> frames = new ArrayList<>();
        await(count + " frames", () -> {
            frames.addAll(cycle());
            return frames.size() >= count;
        });
        return frames;
    }

    /** Cycles until a counter has got that far. */
    public void awaitCounter(PortCounter counter, long value) {
        await(counter.label() + " " + value + " in " + value(counter), () -> {
            cycle();
            return value(counter) >= value;
        });
    }

    public long value(PortCounter counter) {
        return port.counters().get(counter);
    }

    /** Sends frames, without a flush. */
    public void enqueue(byte[]... frames) {
        for (byte[] frame : frames) {
            int at = (frame.length > pool.room() ? pool.takeLarge() : pool.take()) + FramePool.HEADROOM;
            pool.bytes().put(at, frame);
            vector.add(at, frame.length, 0);
            if (vector.count == Vector.CAPACITY) {
                queue().send(vector);
            }
        }
        queue().send(vector);
    }

    /** Sends frames and one flush. */
    public void send(byte[]... frames) {
        enqueue(frames);
        queue().flush();
    }

    /** Repeats {@code step} until it is true. */
    public void await(String what, BooleanSupplier step) {
        long end = System.nanoTime() + PATIENCE_NS;
        while (!step.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("in vain waited for " + what);
            }
            epoll.await(1);
        }
    }

    /**
     * What is wrong with the balance of {@code own} packets that were sent without having been received: 0 if nothing, also
     * with the frames.
     */
    public long imbalance(long own, long discarded) {
        Counters counters = port.counters();
        return counters.received()
                + own
                + counters.created()
                - counters.merged()
                - counters.sent()
                - counters.dropped()
                - discarded
                - port.queued();
    }

    /** Closes the port and returns how many frames are missing. */
    public int closePort() {
        queue().close();
        queue().reclaim();
        port = null;
        small.close();
        large.close();
        return FRAMES + LARGE - pool.freeFrames();
    }

    @Override
    public void close() {
        kept.close();
        if (port != null) {
            closePort();
        }
        lookout.close();
        epoll.close();
        pool.close();
    }
}
