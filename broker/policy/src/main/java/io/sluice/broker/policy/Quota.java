package io.sluice.broker.policy;

import java.util.List;
import java.util.Optional;

/**
 * What all processes of a tenant may hold together: leases (0 suspends it), bytes of kernel memory (rings, socket buffers
 * and frame pools), connections to the broker, queues, which are sockets or descriptors of a tap.
 */
public record Quota(int leases, long memory, int connections, int queues) {
    public static final Range LEASES = new Range(0, 4096);
    public static final Range MEMORY = new Range(0, 1L << 40);
    public static final Range CONNECTIONS = new Range(1, 1024);
    public static final Range QUEUES = new Range(0, 65_536);
    /** What a tenant has if its policy says nothing: 16 leases, 256 MiB, 4 connections, 64 queues. */
    public static final Quota DEFAULT = new Quota(16, 256L << 20, 4, 64);

    public Quota {
        LEASES.check("leases", leases);
        MEMORY.check("memory", memory);
        CONNECTIONS.check("connections", connections);
        QUEUES.check("queues", queues);
    }

    /**
     * What of it would be exceeded by all of these orders together, and by so much memory beside them; empty if nothing.
     *
     * @param pools bytes
     */
    public Optional<String> exceededBy(List<Order> all, long pools) {
        long held = all.stream().mapToLong(order -> order.queues().size()).sum();
        long bytes = pools + all.stream().mapToLong(Order::memory).sum();
        return over(all.size(), leases, "leases")
                .or(() -> over(held, queues, "queues"))
                .or(() -> over(bytes, memory, "bytes of memory"));
    }

    private static Optional<String> over(long held, long allowed, String what) {
        return held <= allowed
                ? Optional.empty()
                : Optional.of(held + " " + what + " would be held, " + allowed + " are allowed");
    }
}
