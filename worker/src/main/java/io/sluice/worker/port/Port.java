package io.sluice.worker.port;

import java.util.List;

/**
 * A port: a name, what is known about it, its queues and its counters.
 *
 * @param queues one to as many as the grant has
 * @param counters shared by the queues, which one thread serves
 * @param kernel counters that the kernel keeps about the port's sockets
 * @param dials what can be changed while traffic flows
 */
public record Port(PortInfo info, List<PortQueue> queues, Counters counters, KernelCounters kernel, Dials dials) {
    public Port {
        queues = List.copyOf(queues);
    }

    /** A port as it begins. */
    public Port(PortInfo info, List<PortQueue> queues, Counters counters, KernelCounters kernel) {
        this(info, queues, counters, kernel, new Dials(info.depth()));
    }

    /** The name. */
    public String name() {
        return info.name();
    }

    /** Packets in the port's queues. Data-path thread only. */
    public int queued() {
        int sum = 0;
        for (PortQueue queue : queues) {
            sum += queue.queued();
        }
        return sum;
    }
}
