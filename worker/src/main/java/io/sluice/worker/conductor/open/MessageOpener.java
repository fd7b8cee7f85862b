package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.IpLease;
import io.sluice.grant.v1.Lease;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.MessageTransport;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.Sockets;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.message.MessagePort;
import io.sluice.worker.port.message.MessagePort.Endpoint;
import io.sluice.worker.port.stream.StreamPort;
import io.sluice.worker.port.vde.VdePlug;
import io.sluice.worker.port.vde.VdePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** Opens ports whose messages are bare frames: unix sockets, UDP, VDE switches, and whatever was inherited. */
final class MessageOpener {
    private static final int UDP = 17;

    private MessageOpener() {}

    static Port open(Opening opening, MessageTransport transport) throws ConductorException {
        if (transport instanceof MessageTransport.InetDgram dgram) {
            return inet(opening, dgram);
        } else if (transport instanceof MessageTransport.Inherited inherited) {
            return opening.own(() -> inherited(opening, inherited.fd()));
        }
        opening.requireOpenable("a unix socket", "an inherited one (kind fd)");
        PortInfo info = opening.info(transport.kind(), "", List.of("unix"));
        if (transport instanceof MessageTransport.Vde vde) {
            return opening.own(() -> vde(opening, info, vde));
        }
        return opening.own(() -> port(opening, info, unix(transport)));
    }

    private static Port inet(Opening opening, MessageTransport.InetDgram dgram) throws ConductorException {
        HostPort remote = host(dgram.remote());
        List<String> features = List.of(dgram.remote().getAddress().getAddress().length == 4 ? "ipv4" : "ipv6", "udp");
        if (dgram.grant().isPresent()) {
            return opening.leased(dgram.grant().get(), GrantRequest.getDefaultInstance(), (lease, fds) -> {
                Fd socket = TunnelOpener.socket(lease, fds, UDP, dgram.kind());
                requireBound(lease, dgram.local());
                PortInfo info = opening.info(dgram.kind(), lease, features);
                return port(opening, info, new Endpoint.BoundDatagram(socket, remote));
            });
        }
        opening.requireOpenable("a UDP socket", "a grant of kind udp");
        PortInfo info = opening.info(dgram.kind(), "", features);
        return opening.own(() -> port(opening, info, new Endpoint.InetDatagram(host(dgram.local()), remote)));
    }

    /** The policy binds the socket; that somebody wanted another address must not go unnoticed. */
    private static void requireBound(Lease lease, InetSocketAddress local) throws IOException {
        IpLease ip = lease.getIp();
        InetAddress bound = InetAddress.getByAddress(ip.getLocal().toByteArray());
        boolean address = local.getAddress().isAnyLocalAddress()
                || bound.isAnyLocalAddress()
                || local.getAddress().equals(bound);
        if (!address || (ip.getPort() != 0 && ip.getPort() != local.getPort())) {
            throw new IOException(
                    "grant " + lease.getGrant() + " is bound to " + new HostPort(bound.getHostAddress(), ip.getPort())
                            + ", not to " + host(local) + "; name its address as the local one");
        }
    }

    private static Endpoint unix(MessageTransport transport) {
        if (transport instanceof MessageTransport.UnixDgram dgram) {
            return new Endpoint.UnixDatagram(new UnixPath(dgram.local()), new UnixPath(dgram.remote()));
        }
        MessageTransport.UnixSeqpacket seqpacket = (MessageTransport.UnixSeqpacket) transport;
        UnixPath path = new UnixPath(seqpacket.path());
        return seqpacket.listen()
                ? new Endpoint.SeqpacketServer(path)
                : new Endpoint.SeqpacketClient(path, seqpacket.local().map(UnixPath::new));
    }

    private static Port vde(Opening opening, PortInfo info, MessageTransport.Vde vde) throws IOException {
        VdePlug plug = new VdePlug(
                new UnixPath(vde.sock()), Optional.empty(), vde.port(), vde.description(), vde.group(), vde.mode());
        return VdePort.open(
                info,
                plug,
                opening.pool(),
                opening.dataPath()::messageSlots,
                opening.dataPath().lookout());
    }

    /** What kind of port it is depends on what the descriptor is. */
    private static Port inherited(Opening opening, int number) throws IOException {
        Fd fd = opening.inherited(number);
        try {
            return switch (Sockets.type(fd)) {
                case Sockets.STREAM ->
                    StreamPort.open(
                            opening.info("fd", "", List.of("stream")),
                            new StreamPort.Endpoint.Inherited(fd),
                            opening.pool(),
                            opening.dataPath().lookout());
                case Sockets.NO_SOCKET -> TapOpener.ofDescriptors(opening, "fd", List.of(fd), Optional.empty());
                default -> port(opening, opening.info("fd", "", List.of("messages")), new Endpoint.Inherited(fd));
            };
        } catch (IllegalArgumentException e) {
            throw new IOException("fd " + number + ": " + e.getMessage(), e);
        }
    }

    private static Port port(Opening opening, PortInfo info, Endpoint endpoint) throws IOException {
        return MessagePort.open(
                info,
                endpoint,
                opening.pool(),
                opening.dataPath()::messageSlots,
                opening.dataPath().lookout());
    }

    /** As the ports of sockets have it. */
    static HostPort host(InetSocketAddress address) {
        return new HostPort(address.getAddress().getHostAddress(), address.getPort());
    }
}
