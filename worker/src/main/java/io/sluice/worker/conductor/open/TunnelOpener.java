package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.IpLease;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.TunnelTransport;
import io.sluice.worker.conductor.plan.UnderlayPlan;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.tunnel.Endpoint;
import io.sluice.worker.port.tunnel.TunnelPort;
import io.sluice.worker.port.tunnel.TunnelSpec;
import io.sluice.worker.port.tunnel.Underlay;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** Opens tunnels: a socket for the underlay, from the broker or our own, and a codec over it. */
final class TunnelOpener {
    private static final int UDP = 17;
    private static final int GRE = 47;
    private static final int L2TPV3 = 115;

    private TunnelOpener() {}

    static Port open(Opening opening, TunnelTransport tunnel) throws ConductorException {
        return over(opening, tunnel.underlay(), protocol(tunnel), tunnel.kind(), Encapsulations.of(tunnel));
    }

    static Port open(Opening opening, Nsh nsh) throws ConductorException {
        if (nsh.carrier() instanceof NshCarrier.Ethernet ethernet) {
            return inEthernet(opening, nsh, ethernet);
        }
        TunnelTransport carrier = (TunnelTransport) nsh.carrier();
        return over(opening, carrier.underlay(), protocol(carrier), "nsh", Encapsulations.of(nsh, carrier));
    }

    private static Port inEthernet(Opening opening, Nsh nsh, NshCarrier.Ethernet ethernet) throws ConductorException {
        GrantRequest plain = GrantRequest.newBuilder()
                .setPacket(PacketRequest.newBuilder().setVnetHeader(false))
                .build();
        return opening.leased(ethernet.grant(), plain, (lease, fds) -> {
            if (!lease.hasPacket()) {
                throw new IOException("grant " + lease.getGrant() + " is not of kind packet");
            }
            return TunnelPort.carried(
                    opening.info("nsh", lease, List.of("ethernet")),
                    GrantOpener.packet(opening, lease, fds),
                    Encapsulations.of(nsh, ethernet, lease.getDevice().getMac().toByteArray()),
                    opening.pool());
        });
    }

    private static Port over(
            Opening opening, UnderlayPlan underlay, int protocol, String transport, Encapsulation encapsulation)
            throws ConductorException {
        TunnelSpec spec = new TunnelSpec(encapsulation, new Endpoint(underlay.remote(), underlay.remotePort()));
        Optional<GrantRef> grant = protocol == UDP
                ? underlay.grant() // anybody may open UDP, so a grant is used only if it is named
                : opening.grantOr(underlay.grant(), kind(protocol));
        List<String> features = List.of(underlay.v6() ? "ipv6" : "ipv4", protocol == UDP ? "udp" : "raw-ip");
        if (grant.isPresent()) {
            return opening.leased(grant.get(), GrantRequest.getDefaultInstance(), (lease, fds) -> {
                Fd socket = socket(lease, fds, protocol, transport);
                Underlay own = Underlay.of(socket, encapsulation.protocol(), Underlay.Settings.DEFAULT, opening.pool());
                return attach(opening.info(transport, lease, features), own, spec);
            });
        }
        opening.requireOpenable(
                protocol == UDP ? "a UDP socket" : "a raw IP socket", "a grant of kind " + kind(protocol));
        return opening.own(() -> {
            Underlay shared = opening.dataPath().underlays().at(encapsulation.protocol(), local(underlay));
            return attach(opening.info(transport, "", features), shared, spec);
        });
    }

    private static Port attach(PortInfo info, Underlay underlay, TunnelSpec spec) throws IOException {
        try {
            return TunnelPort.open(info, underlay, spec);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            underlay.close(); // unless it has tunnels
        }
    }

    private static Endpoint local(UnderlayPlan underlay) throws IOException {
        InetAddress any = InetAddress.getByAddress(new byte[underlay.remote().getAddress().length]);
        return new Endpoint(underlay.local().orElse(any), underlay.localPort());
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
