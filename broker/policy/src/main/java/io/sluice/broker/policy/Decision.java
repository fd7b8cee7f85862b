package io.sluice.broker.policy;

import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.GrantRequest.NarrowCase;
import java.util.List;
import java.util.Optional;

/** What policy says to one request for one grant. */
public sealed interface Decision {
    /** To be made and charged to the tenant, quota permitting. */
    record Allow(Tenant tenant, Order order) implements Decision {}

    /** Refused: what was wrong, naming the values, and what the client can do about it. */
    record Deny(Error.Code code, String reason, String hint) implements Decision {}

    /**
     * Decides: a pure function. Quotas, which depend on what is held already, and the state of the host are not its
     * business. Two steps: an order is built from grant and request, and its constructor refuses what is no order at all;
     * then the order, whatever it was built from, is refused if it has more than the grant anywhere.
     */
    static Decision decide(Policy policy, PeerCredentials peer, GrantRequest request) {
        Optional<Tenant> tenant = policy.tenantOf(peer);
        if (tenant.isEmpty()) {
            String uid = "uid " + Integer.toUnsignedString(peer.uid());
            String reason = uid + " is no tenant of the policy, or its groups are those of several";
            return new Deny(Error.Code.DENIED, reason, "Ask the operator to name this user in the policy.");
        }
        Optional<Grant> found = tenant.get().grant(request.getGrant());
        if (found.isEmpty()) {
            return unknown(tenant.get(), request.getGrant());
        }
        Grant grant = found.get();
        String name = "grant " + grant.name() + ": ";
        try {
            NarrowCase narrows = request.getNarrowCase();
            Require.that(
                    narrows == NarrowCase.NARROW_NOT_SET || narrows.name().equalsIgnoreCase(grant.kind()),
                    "it is of kind " + grant.kind() + ", but the request narrows kind " + narrows);
            Order order = grant.narrow(request);
            Optional<String> excess = grant.excess(order);
            String hint = "Ask for less, or leave the field out to take what the grant has.";
            return excess.isPresent()
                    ? new Deny(Error.Code.DENIED, name + excess.get(), hint)
                    : new Allow(tenant.get(), order);
        } catch (IllegalArgumentException e) {
            String hint = "Change the request; docs/policy.md lists what each field may be.";
            return new Deny(Error.Code.INVALID, name + e.getMessage(), hint);
        }
    }

    private static Deny unknown(Tenant tenant, String name) {
        List<String> grants = tenant.grants().stream().map(Grant::name).toList();
        String reason = "tenant " + tenant.name() + " has no grant " + Require.shown(name);
        String hint =
                grants.isEmpty() ? "It has no grants at all." : "Its grants are " + String.join(", ", grants) + ".";
        return new Deny(Error.Code.NOT_FOUND, reason, hint);
    }
}
