package io.sluice.worker.engine;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.graph.Lane;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.Affinity;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The data-path threads of a worker, which share nothing but the memory that their frames are in, and which of them serves
 * what.
 *
 * <p>Ports are opened in the first thread. When they are linked each strand of the link is given to a thread, the one that
 * serves the fewest queues then, and its queues move there: a packet is received, forwarded and freed in one thread, and
 * packets of a flow stay in order. Queues that share a socket with others, tunnels, stay in the first thread with it, and so
 * does what they are linked with. One thread uses this, the conductor's.
 */
public final class DataPaths implements AutoCloseable {
    private final List<DataPath> threads;
    private final List<Integer> cpus;
    private final int[] served;

    /** Where queues are that have left the first thread. */
    private final IdentityHashMap<PortQueue, Integer> places = new IdentityHashMap<>();

    /**
     * A link that is served.
     *
     * @param strands as {@link CrossConnect#strands}
     * @param threads numbers of those that serve them
     */
    public record Served(List<CrossConnect> strands, List<Integer> threads) {
        public Served {
            strands = List.copyOf(strands);
            threads = List.copyOf(threads);
        }
    }

    /** Something to be done in a thread with the queues of a port that it serves. */
    public interface QueueTask {
        /** @param queue number of the queue in its port */
        void run(int queue, DataPath thread);
    }

    /**
     * @param pools of the threads, one each; consumed, also on failure
     * @param cpus the CPU for each thread to run on; empty: they run anywhere
     * @param died told when a thread ends by an exception, which only a defect of ours can cause
     */
    public DataPaths(List<FramePool> pools, List<Integer> cpus, IdleStrategy idle, Consumer<Throwable> died)
            throws SyscallException {
        if (!cpus.isEmpty() && cpus.size() != pools.size()) {
            throw new IllegalArgumentException(cpus.size() + " CPUs for " + pools.size() + " threads");
        }
        this.cpus = List.copyOf(cpus);
        this.served = new int[pools.size()];
        List<DataPath> made = new ArrayList<>();
        try {
            for (FramePool pool : pools) {
                String name = pools.size() == 1 ? "data-path" : "data-path-" + made.size();
                made.add(new DataPath(name, pool, idle, died));
            }
        } catch (SyscallException e) {
            made.forEach(DataPath::close);
            pools.forEach(FramePool::close);
            throw e;
        }
        this.threads = List.copyOf(made);
    }

    /**
     * Starts the threads, each on its CPU.
     *
     * @throws SyscallException the kernel refuses a CPU; close this
     */
    public void start() throws SyscallException {
        for (int i = 0; i < threads.size(); i++) {
            threads.get(i).start();
            if (!cpus.isEmpty()) {
                pin(threads.get(i), cpus.get(i));
            }
        }
    }

    private static void pin(DataPath thread, int cpu) throws SyscallException {
        SyscallException refused = thread.call(() -> {
            try {
                Affinity.pin(cpu);
                return null;
            } catch (SyscallException e) {
                return e;
            }
        });
        if (refused != null) {
            throw refused;
        }
    }

    /** The thread in which ports are opened. */
    public DataPath first() {
        return threads.get(0);
    }

    /** All threads, by number. */
    public List<DataPath> threads() {
        return threads;
    }

    /** Ends the taking over of what a predecessor left: see {@link FramePool#settle}. */
    public void settle() {
        for (DataPath thread : threads) {
            thread.call(() -> {
                thread.pool().settle();
                return null;
            });
        }
    }

    /** The CPU that a thread is pinned to. */
    public OptionalInt cpu(int thread) {
        return cpus.isEmpty() ? OptionalInt.empty() : OptionalInt.of(cpus.get(thread));
    }

    /** How many queues of links a thread serves. */
    public int served(int thread) {
        return served[thread];
    }

    /** The number of the thread that serves {@code queue}, or would if it had a link. */
    public int threadOf(PortQueue queue) {
        return places.getOrDefault(queue, 0);
    }

    /** Runs {@code task} for every queue of {@code port}, in the thread of each, and waits for that. */
    public void each(Port port, QueueTask task) {
        for (int number = 0; number < threads.size(); number++) {
            DataPath thread = threads.get(number);
            List<Integer> here = queuesAt(port, number);
            if (!here.isEmpty()) {
                thread.call(() -> {
                    here.forEach(queue -> task.run(queue, thread));
                    return null;
                });
            }
        }
    }

    /** The numbers of the queues of {@code port} that are at thread {@code number}. */
    public List<Integer> queuesAt(Port port, int number) {
        List<Integer> here = new ArrayList<>();
        for (int i = 0; i < port.queues().size(); i++) {
            if (threadOf(port.queues().get(i)) == number) {
                here.add(i);
            }
        }
        return here;
    }

    /** Forgets the queues of a port that is closed. */
    public void forget(Port port) {
        port.queues().forEach(places::remove);
    }

    /** Starts serving a link between two ports that have none. */
    public Served addLink(String name, Port a, Port b) {
        List<CrossConnect> strands = CrossConnect.strands(name, a, b);
        List<Integer> chosen = new ArrayList<>();
        for (CrossConnect strand : strands) {
            int number = choose(strand);
            DataPath thread = threads.get(number);
            strand.lanes().forEach(lane -> move(lane.from(), number));
            thread.call(() -> {
                strand.home(thread.pool());
                thread.addLink(strand);
                return null;
            });
            served[number] += strand.lanes().size();
            chosen.add(number);
        }
        return new Served(strands, chosen);
    }

    /** The thread that serves the fewest queues; of several, the one where the first queue of the strand is, or the first. */
    private int choose(CrossConnect strand) {
        for (Lane lane : strand.lanes()) {
            if (lane.from().shared() != null) {
                return threadOf(lane.from());
            }
        }
        int best = threadOf(strand.lanes().get(0).from());
        for (int i = 0; i < served.length; i++) {
            if (served[i] < served[best]) {
                best = i;
            }
        }
        return best;
    }

    /** Moves a queue that nobody polls: in its new thread, while the old one waits for that. */
    private void move(PortQueue queue, int number) {
        int old = threadOf(queue);
        if (old == number) {
            return;
        }
        DataPath to = threads.get(number);
        threads.get(old)
                .call(() -> to.call(() -> {
                    queue.move(to);
                    return null;
                }));
        places.put(queue, number);
    }

    /** Stops serving a link. */
    public void removeLink(Served link) {
        for (int i = 0; i < link.strands().size(); i++) {
            CrossConnect strand = link.strands().get(i);
            int number = link.threads().get(i);
            DataPath thread = threads.get(number);
            thread.call(() -> {
                thread.removeLink(strand);
                return null;
            });
            served[number] -= strand.lanes().size();
        }
    }

    /** Ends the threads before their process ends, and leaves ports that still are open as they are. */
    public void halt() {
        threads.forEach(DataPath::halt);
    }

    /** Ends the threads. Ports are closed before. */
    @Override
    public void close() {
        threads.forEach(DataPath::close);
    }
}
