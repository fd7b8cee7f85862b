package io.sluice.broker.policy;

import io.sluice.grant.channel.PeerCredentials;
import java.util.List;
import java.util.Optional;

/**
 * A policy in force. Immutable; a reload makes another one.
 *
 * @param source where it was read from, for people
 * @param text as it was read
 * @param admins who may use the admin table; at least one
 * @param tenants in the order of the file, no two of the same name or identity
 */
public record Policy(String source, String text, List<Identity> admins, List<Tenant> tenants) {
    public Policy {
        admins = List.copyOf(admins);
        tenants = List.copyOf(tenants);
        long names = tenants.stream().map(Tenant::name).distinct().count();
        long identities = tenants.stream().map(Tenant::identity).distinct().count();
        Require.that(!admins.isEmpty(), "a policy without admins");
        Require.that(Math.min(names, identities) == tenants.size(), "two tenants of one name or identity");
    }

    /** The tenant of that name. */
    public Optional<Tenant> tenant(String name) {
        return tenants.stream().filter(tenant -> tenant.name().equals(name)).findFirst();
    }

    /**
     * The tenant that this peer is. A uid says more than a gid, so it wins. A peer whose groups are those of two tenants
     * is neither: which it acts for can't be known, and guessing would lend one tenant's grants to the other.
     */
    public Optional<Tenant> tenantOf(PeerCredentials peer) {
        List<Tenant> matching =
                tenants.stream().filter(t -> t.identity().matches(peer)).toList();
        return matching.stream()
                .filter(tenant -> matching.size() == 1 || tenant.identity().kind() == Identity.Kind.UID)
                .findFirst();
    }

    /** Whether a grant of this policy, too, would allow what the peer has as that tenant. */
    public boolean allows(PeerCredentials peer, String tenant, Order order) {
        return tenantOf(peer)
                .filter(now -> now.name().equals(tenant))
                .flatMap(now -> now.grant(order.grant()))
                .filter(grant -> grant.excess(order).isEmpty())
                .isPresent();
    }

    /** Whether this peer may use the admin table. */
    public boolean isAdmin(PeerCredentials peer) {
        return admins.stream().anyMatch(admin -> admin.matches(peer));
    }
}
