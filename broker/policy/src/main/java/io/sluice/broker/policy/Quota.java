package io.sluice.broker.policy;

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
}
