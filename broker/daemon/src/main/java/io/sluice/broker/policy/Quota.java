package io.sluice.broker.policy;

/**
 * What all processes of a tenant may hold together.
 *
 * @param leases number of leases; 0 suspends the tenant
 * @param memory bytes of kernel memory: rings, socket buffers and frame pools
 * @param connections connections to the broker
 */
public record Quota(int leases, long memory, int connections) {
    /** Upper bound of leases. */
    public static final int MAX_LEASES = 4096;
    /** Upper bound of memory, in bytes. */
    public static final long MAX_MEMORY = 1L << 40;
    /** Upper bound of connections. */
    public static final int MAX_CONNECTIONS = 1024;
    /** What a tenant has if its policy says nothing: 16 leases, 256 MiB, 4 connections. */
    public static final Quota DEFAULT = new Quota(16, 256L << 20, 4);

    public Quota {
        Require.range("leases", leases, 0, MAX_LEASES);
        Require.range("memory", memory, 0, MAX_MEMORY);
        Require.range("connections", connections, 1, MAX_CONNECTIONS);
    }
}
