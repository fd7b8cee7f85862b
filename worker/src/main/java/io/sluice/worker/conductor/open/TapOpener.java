package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.TapTransport;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.port.Port;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Opens tap and hybrid ports. */
final class TapOpener {
    private TapOpener() {}

    static Port open(Opening opening, TapTransport transport) throws ConductorException {
        if (transport instanceof TapTransport.Hybrid hybrid) {
            return hybrid(opening, hybrid);
        }
        TapTransport.Tap tap = (TapTransport.Tap) transport;
        if (tap.source() instanceof Source.Leased leased) {
            GrantRef grant = opening.grantOr(leased.grant(), "tap")
                    .orElseThrow(() -> new ConductorException(
                            Kind.NOT_FOUND,
                            "port " + opening.plan().name()
                                    + ": the policy has no grant of kind tap for this tenant; name the interface of a"
                                    + " persistent device that belongs to the worker's user, or ask for a grant"));
            return opening.leased(
                    grant, GrantRequest.getDefaultInstance(), (lease, fds) -> ofLease(opening, tap.vnet(), lease, fds));
        }
        if (tap.source() instanceof Source.Device) {
            opening.requireOpenable("/dev/net/tun", "a grant of kind tap");
        }
        return opening.own(() -> {
            throw opening.unavailable();
        });
    }

    /**
     * The port of a tap lease.
     *
     * @param vnet whether frames have to carry a vnet header; empty: as the lease says
     */
    static Port ofLease(Opening opening, Optional<Boolean> vnet, Lease lease, List<Fd> fds) throws IOException {
        if (!lease.hasTap()) {
            throw new IOException("grant " + lease.getGrant() + " is not of kind tap");
        }
        boolean has = lease.getTap().getVnetHeader() > 0;
        if (vnet.isPresent() && vnet.get() != has) {
            throw new IOException("grant " + lease.getGrant() + " has offloads " + (has ? "on" : "off")
                    + "; the vnet header of a tap is as its policy says");
        }
        fds.forEach(Fd::close);
        throw new IOException("tap ports are not available in this build");
    }

    private static Port hybrid(Opening opening, TapTransport.Hybrid hybrid) throws ConductorException {
        opening.requireOpenable("/dev/net/tun", "a tap port with a grant of kind tap");
        GrantRef packet = hybrid.packet()
                .orElse(new GrantRef.OnInterface("packet", hybrid.source().ifname()));
        return opening.leased(packet, GrantRequest.getDefaultInstance(), (lease, fds) -> {
            if (!lease.hasPacket()) {
                throw new IOException("grant " + lease.getGrant() + " is not of kind packet");
            }
            throw opening.unavailable();
        });
    }
}
