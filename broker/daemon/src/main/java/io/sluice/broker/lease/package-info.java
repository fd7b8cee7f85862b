/** What tenants hold: leases, their quotas, and how they end. Owned by the broker's one thread. */
package io.sluice.broker.lease;
