package io.sluice.broker.server;

/** Which socket a connection came in by, and so which operations exist for it. */
enum Table {
    /** The socket for tenants: grants and leases. */
    TENANT,
    /** The socket for administrators: leases of all, policy, audit. */
    ADMIN
}
