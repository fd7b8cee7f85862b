package io.sluice.broker.lease;

import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.AuditEvent;

/**
 * Who holds a lease.
 *
 * @param tenant name in the policy
 * @param client what the client calls itself; a label, never an identity
 */
public record Holder(String tenant, PeerCredentials peer, String client) {
    /** An audit event about this holder. */
    public AuditEvent.Builder audit(AuditEvent.Type type) {
        return AuditEvent.newBuilder()
                .setType(type)
                .setTenant(tenant)
                .setUid(peer.uid())
                .setPid(peer.pid())
                .setClient(client);
    }
}
