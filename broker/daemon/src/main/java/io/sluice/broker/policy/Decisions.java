package io.sluice.broker.policy;

import io.sluice.broker.policy.Decision.Allow;
import io.sluice.broker.policy.Decision.Deny;
import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.GrantRequest.NarrowCase;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.List;
import java.util.Optional;

/**
 * The decision: a pure function of policy, peer and request. Quotas, which depend on what is held already, and the state
 * of the host are not its business.
 *
 * <p>Two steps. An order is built from grant and request; its constructor refuses what is no order at all. Then the order,
 * whatever it was built from, is compared with the grant, and is refused if it has more anywhere.
 */
public final class Decisions {
    private static final String NO_ORDER = "Change the request; docs/policy.md lists what each field may be.";
    private static final String TOO_MUCH = "Ask for less, or leave the field out to take what the grant has.";

    private Decisions() {}

    /** What this policy says to this request of this peer. */
    public static Decision decide(Policy policy, PeerCredentials peer, GrantRequest request) {
        Optional<Tenant> found = policy.tenantOf(peer);
        if (found.isEmpty()) {
            String uid = Integer.toUnsignedString(peer.uid());
            return new Deny(
                    Error.Code.DENIED,
                    "uid " + uid + " is no tenant of the policy, or its groups are those of several",
                    "Ask the operator to name this user in the policy.");
        }
        Tenant tenant = found.get();
        Optional<Grant> grant = tenant.grant(request.getGrant());
        if (grant.isEmpty()) {
            return unknown(tenant, request.getGrant());
        }
        String name = "grant " + request.getGrant() + ": ";
        try {
            // A switch over the sealed type needs Java 21.
            Order order = grant.get() instanceof XdpGrant xdp
                    ? xdp(xdp, request)
                    : packet((PacketGrant) grant.get(), request);
            Optional<String> excess = grant.get().excess(order);
            return excess.isPresent()
                    ? new Deny(Error.Code.DENIED, name + excess.get(), TOO_MUCH)
                    : new Allow(tenant, order);
        } catch (IllegalArgumentException e) {
            return new Deny(Error.Code.INVALID, name + e.getMessage(), NO_ORDER);
        }
    }

    private static Deny unknown(Tenant tenant, String name) {
        List<String> grants = tenant.grants().stream().map(Grant::name).toList();
        return new Deny(
                Error.Code.NOT_FOUND,
                "tenant " + tenant.name() + " has no grant " + Words.quote(name) + Words.didYouMean(name, grants),
                grants.isEmpty() ? "It has no grants at all." : "Its grants are " + String.join(", ", grants) + ".");
    }

    private static XdpOrder xdp(XdpGrant grant, GrantRequest request) {
        checkKind(request, grant, NarrowCase.XDP);
        XdpRequest wish = request.getXdp();
        boolean rxOnly = grant.rxOnly() || wish.getRxOnly();
        Rings most = grant.rings();
        Rings rings = new Rings(
                orElse(wish.getRxRing(), most.rx()),
                orElse(wish.getTxRing(), rxOnly ? 0 : most.tx()),
                orElse(wish.getFillRing(), most.fill()),
                orElse(wish.getCompletionRing(), most.completion()));
        return new XdpOrder(
                grant.name(),
                grant.interfaceName(),
                wish.getQueuesCount() == 0 ? grant.queues() : wish.getQueuesList(),
                mode(wish.getMode(), grant.mode()),
                grant.forceCopy() || wish.getForceCopy(),
                rxOnly,
                rings,
                orElse(wish.getChunkSize(), 2048),
                wish.getHeadroom(),
                wish.getNoBusyPoll() ? Optional.empty() : grant.busyPoll());
    }

    private static XdpMode mode(io.sluice.grant.v1.XdpMode wish, XdpMode granted) {
        return switch (wish) {
            case XDP_MODE_AUTO -> granted;
            case XDP_MODE_NATIVE -> XdpMode.NATIVE;
            case XDP_MODE_SKB -> XdpMode.SKB;
            case UNRECOGNIZED -> throw new IllegalArgumentException("mode is not one of AUTO, NATIVE, SKB");
        };
    }

    private static PacketOrder packet(PacketGrant grant, GrantRequest request) {
        checkKind(request, grant, NarrowCase.PACKET);
        PacketRequest wish = request.getPacket();
        return new PacketOrder(
                grant.name(),
                grant.interfaceName(),
                orElse(wish.getSockets(), grant.sockets()),
                grant.fanout(),
                wish.hasVnetHeader() ? wish.getVnetHeader() : grant.offloads() && wish.getRingFrames() == 0,
                grant.promiscuous(),
                grant.bufferBytes(),
                wish.getRingFrames());
    }

    private static void checkKind(GrantRequest request, Grant grant, NarrowCase right) {
        NarrowCase actual = request.getNarrowCase();
        Require.that(
                actual == right || actual == NarrowCase.NARROW_NOT_SET,
                "it is of kind " + grant.kind() + ", but the request narrows kind " + actual);
    }

    private static int orElse(int wish, int otherwise) {
        return wish == 0 ? otherwise : wish;
    }
}
