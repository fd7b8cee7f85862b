package io.sluice.broker.lease;

import io.sluice.broker.kind.Made;
import io.sluice.broker.policy.Order;
import io.sluice.broker.sys.Device;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.LeaseInfo;

/**
 * One granted thing in a tenant's hands.
 *
 * @param id unique over the broker's life
 * @param order as it was allowed; after a reload of the policy, what has to be allowed still
 * @param sinceMs milliseconds since 1970
 */
public record Lease(long id, Holder holder, Order order, Device device, Made made, long sinceMs) {
    /** An audit event about this lease. */
    public AuditEvent.Builder audit(AuditEvent.Type type) {
        return holder.audit(type)
                .setLease(id)
                .setGrant(order.grant())
                .setKind(order.kind())
                .setInterface(order.place().shown());
    }

    /** For operators. */
    public LeaseInfo.Builder info() {
        return LeaseInfo.newBuilder()
                .setId(id)
                .setTenant(holder.tenant())
                .setGrant(order.grant())
                .setKind(order.kind())
                .setInterface(order.place().shown())
                .addAllQueues(order.queues())
                .setPid(holder.peer().pid())
                .setUid(holder.peer().uid())
                .setClient(holder.client())
                .setSinceMs(sinceMs)
                .setMemory(order.memory());
    }
}
