package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.IpLease;
import io.sluice.grant.v1.Lease;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.Transport;
import io.sluice.worker.conductor.plan.TunnelTransport;
import io.sluice.worker.conductor.plan.UnderlayPlan;
import io.sluice.worker.port.Port;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Opens tunnels: a socket for the underlay, from the broker or our own, and a codec over it. */
final class TunnelOpener {
    private static final int UDP = 17;
    private static final int GRE = 47;
    private static final int L2TPV3 = 115;

    private TunnelOpener() {}

    static Port open(Opening opening, TunnelTransport tunnel) throws ConductorException {
        return over(opening, tunnel.underlay(), protocol(tunnel), tunnel);
    }

    static Port open(Opening opening, Nsh nsh) throws ConductorException {
        if (nsh.carrier() instanceof NshCarrier.Ethernet ethernet) {
            return opening.leased(ethernet.grant(), GrantRequest.getDefaultInstance(), (lease, fds) -> {
                if (!lease.hasPacket()) {
                    throw new IOException("grant " + lease.getGrant() + " is not of kind packet");
                }
                throw opening.unavailable();
            });
        }
        TunnelTransport carrier = (TunnelTransport) nsh.carrier();
        return over(opening, carrier.underlay(), protocol(carrier), nsh);
    }

    /** @param transport the tunnel, or the nsh port that it carries */
    private static Port over(Opening opening, UnderlayPlan underlay, int protocol, Transport transport)
            throws ConductorException {
        Optional<GrantRef> grant = protocol == UDP
                ? underlay.grant() // anybody may open UDP, so a grant is used only if it is named
                : opening.grantOr(underlay.grant(), kind(protocol));
        if (grant.isPresent()) {
            return opening.leased(
                    grant.get(),
                    GrantRequest.getDefaultInstance(),
                    (lease, fds) -> ofLease(opening, transport, protocol, lease, fds));
        }
        opening.requireOpenable(
                protocol == UDP ? "a UDP socket" : "a raw IP socket", "a grant of kind " + kind(protocol));
        return opening.own(() -> {
            throw opening.unavailable();
        });
    }

    private static Port ofLease(Opening opening, Transport transport, int protocol, Lease lease, List<Fd> fds)
            throws IOException {
        socket(lease, fds, protocol, transport.kind());
        throw opening.unavailable();
    }

    /** The socket of an IP lease, which has to be of {@code protocol}. */
    static Fd socket(Lease lease, List<Fd> fds, int protocol, String transport) throws IOException {
        IpLease ip = lease.getIp();
        if (!lease.hasIp() || ip.getProtocol() != protocol) {
            throw new IOException("grant " + lease.getGrant() + " is "
                    + (lease.hasIp() ? "a socket of IP protocol " + ip.getProtocol() : "no socket of an IP protocol")
                    + "; a " + transport + " port needs protocol " + protocol + " here, a grant of kind "
                    + kind(protocol));
        }
        return fds.get(ip.getFd());
    }

    private static int protocol(TunnelTransport tunnel) {
        return tunnel.underlay().udp() ? UDP : tunnel instanceof TunnelTransport.Gre ? GRE : L2TPV3;
    }

    private static String kind(int protocol) {
        return switch (protocol) {
            case UDP -> "udp";
            case GRE -> "gre";
            default -> "l2tpv3";
        };
    }
}
