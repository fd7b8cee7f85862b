package io.sluice.broker.policy;

import io.sluice.grant.v1.Error;
import io.sluice.policy.v1.Symbol;
import java.util.List;
import java.util.Optional;

/** What policy says to two leases of one holder between which the kernel is to forward by itself. */
public final class OffloadRule {
    private OffloadRule() {}

    /**
     * Why it may not, a pure function of what was ordered; empty if it may. Whoever may receive by one and send by the other
     * could forward as well, so all that it adds to that is the operator's word that the kernel may do it.
     */
    public static Optional<Decision.Deny> refusal(Order a, Order b) {
        if (a == b) {
            return deny(Error.Code.INVALID, "grant " + a.grant() + ": one lease, named twice", "name two leases");
        }
        for (Order order : List.of(a, b)) {
            String grant = "grant " + order.grant();
            if (!(order instanceof XdpOrder xdp)) {
                return deny(
                        Error.Code.INVALID,
                        grant + " is of kind " + order.kind() + "; the kernel forwards between xdp grants only",
                        "leave this link to the worker");
            }
            if (!xdp.program().uses(Symbol.DEVICES)) {
                return deny(
                        Error.Code.DENIED,
                        grant + " does not allow offload",
                        "have the operator put `offload: true` into the grant and reload the policy");
            }
            if (xdp.rxOnly()) {
                return deny(
                        Error.Code.DENIED,
                        grant + " is held rx-only, so nothing may be sent by its device",
                        "ask for it with a tx ring, if the grant has one");
            }
            if (!(xdp.place() instanceof Place.Host)) {
                return deny(
                        Error.Code.UNSUPPORTED,
                        grant + " is in a jail: its device is alone in a network namespace, and the kernel's map of"
                                + " devices takes those of one namespace",
                        "leave this link to the worker");
            }
        }
        return a.queues().size() == b.queues().size()
                ? Optional.empty()
                : deny(
                        Error.Code.INVALID,
                        "grant " + a.grant() + " has queues " + a.queues() + ", grant " + b.grant() + " has "
                                + b.queues() + "; they go in pairs",
                        "ask for as many queues of one as of the other");
    }

    private static Optional<Decision.Deny> deny(Error.Code code, String reason, String hint) {
        return Optional.of(new Decision.Deny(code, reason, hint));
    }
}
