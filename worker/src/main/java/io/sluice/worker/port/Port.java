package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;
import java.util.List;

/**
 * A port: a name, what is known about it, its queues and what is counted of them.
 *
 * @param queues one to as many as the grant has
 * @param states of each queue; or one, of all queues, which one thread serves then
 * @param kernel counters that the kernel keeps about the port's sockets
 */
public record Port(PortInfo info, List<PortQueue> queues, List<QueueState> states, KernelCounters kernel) {
    public Port {
        queues = List.copyOf(queues);
        states = List.copyOf(states);
        if (states.size() != 1 && states.size() != queues.size()) {
            throw new IllegalArgumentException(states.size() + " states of " + queues.size() + " queues");
        }
    }

    /** A port as it begins, whose queues count together: one thread serves them. */
    public Port(PortInfo info, List<PortQueue> queues, Counters counters, KernelCounters kernel) {
        this(info, queues, List.of(new QueueState(counters, info.depth())), kernel);
    }

    /** A port as it begins, of queues that any thread may serve, each by its own counters. */
    public static Port of(PortInfo info, List<PortQueue> queues, List<Counters> counters, KernelCounters kernel) {
        List<QueueState> states = counters.stream()
                .map(each -> new QueueState(each, info.depth()))
                .toList();
        return new Port(info, queues, states, kernel);
    }

    /** The name. */
    public String name() {
        return info.name();
    }

    /** What is counted of the {@code queue}-th queue, for the thread that serves it. */
    public QueueState state(int queue) {
        return states.get(states.size() == 1 ? 0 : queue);
    }

    /** The counters of all queues: if they are several, their sums now. In the thread that serves the queues. */
    public Counters counters() {
        if (states.size() == 1) {
            return states.get(0).counters();
        }
        Counters sum = new Counters();
        states.forEach(state -> sum.addAll(state.counters()));
        return sum;
    }

    /** What the port is tuned to: the first queue's dials, as all are turned alike. */
    public Dials dials() {
        return states.get(0).dials();
    }

    /** Tunes all queues, as {@link Dials#turn}. In the thread that serves them. */
    public void turn(Tuning wanted, FramePool frames) {
        states.forEach(state -> state.dials().turn(wanted, frames));
    }

    /** Packets in the port's queues. In the thread that serves them. */
    public int queued() {
        int sum = 0;
        for (PortQueue queue : queues) {
            sum += queue.queued();
        }
        return sum;
    }
}
