package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.TapTransport;
import io.sluice.worker.conductor.plan.TapTransport.Source;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.tap.HybridPort;
import io.sluice.worker.port.tap.TapDevice;
import io.sluice.worker.port.tap.TapPort;
import java.io.IOException;
import java.util.ArrayList;
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
        if (tap.source() instanceof Source.Descriptors descriptors) {
            return opening.own(() -> inherited(opening, tap, descriptors.fds()));
        }
        opening.requireOpenable("/dev/net/tun", "a grant of kind tap");
        Source.Device device = (Source.Device) tap.source();
        return opening.own(() -> device(opening, tap, device.ifname()));
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
        int header = lease.getTap().getVnetHeader();
        boolean has = header > 0;
        if (vnet.isPresent() && vnet.get() != has) {
            throw new IOException("grant " + lease.getGrant() + " has offloads " + (has ? "on" : "off")
                    + "; the vnet header of a tap is as its policy says");
        }
        List<Fd> queues = lease.getTap().getFdsList().stream().map(fds::get).toList();
        return TapPort.open(
                opening.info("tap", lease, features(header)),
                queues,
                header,
                opening.dataPath().pool());
    }

    /**
     * The port of queues that somebody else has opened.
     *
     * @param kind of the port
     * @param queues consumed, also on failure
     * @param vnet whether frames have to carry a vnet header; empty: as the device was opened
     * @throws IllegalArgumentException a descriptor is no such queue
     */
    static Port ofDescriptors(Opening opening, String kind, List<Fd> queues, Optional<Boolean> vnet)
            throws IOException {
        try (Closer closer = new Closer()) {
            queues.forEach(closer::add);
            TapDevice.Attached device = TapDevice.attached(queues.get(0));
            int header = vnet.isPresent() ? header(vnet.get()) : header(device.vnet());
            // Its MTU can't be asked for: it may be in another network namespace.
            Port port = TapPort.open(
                    opening.info(kind, device.name(), features(header)),
                    queues,
                    header,
                    opening.dataPath().pool());
            closer.release();
            return port;
        }
    }

    private static Port inherited(Opening opening, TapTransport.Tap tap, List<Integer> numbers) throws IOException {
        try (Closer closer = new Closer()) {
            List<Fd> queues = new ArrayList<>();
            for (int number : numbers) {
                queues.add(closer.add(opening.inherited(number)));
            }
            Port port = ofDescriptors(opening, "tap", queues, tap.vnet());
            closer.release();
            return port;
        } catch (IllegalArgumentException e) {
            throw new IOException("fds " + numbers + ": " + e.getMessage(), e);
        }
    }

    /** A device that nobody else has open is as its opener says, so with a vnet header if superframes have room here. */
    private static Port device(Opening opening, TapTransport.Tap tap, String name) throws IOException {
        int header = header(tap.vnet().orElse(opening.dataPath().pool().largeFrames() > 0));
        return TapPort.open(
                opening.info("tap", name, TapDevice.mtu(name), features(header)),
                TapDevice.open(name, tap.queues(), header),
                header,
                opening.dataPath().pool());
    }

    private static Port hybrid(Opening opening, TapTransport.Hybrid hybrid) throws ConductorException {
        opening.requireOpenable("/dev/net/tun", "a tap port with a grant of kind tap");
        String name = hybrid.source().ifname();
        if (hybrid.packet().isEmpty() && !opening.hasGrant("packet", name)) {
            return opening.own(() -> hybrid(opening, name, hybrid.vnet()));
        }
        GrantRef grant = hybrid.packet().orElse(new GrantRef.OnInterface("packet", name));
        PacketRequest.Builder narrow = PacketRequest.newBuilder().setSockets(1);
        hybrid.vnet().ifPresent(narrow::setVnetHeader);
        GrantRequest request = GrantRequest.newBuilder().setPacket(narrow).build();
        return opening.leased(grant, request, (lease, fds) -> hybrid(opening, name, lease, fds));
    }

    private static Port hybrid(Opening opening, String name, Lease lease, List<Fd> fds) throws IOException {
        if (!lease.hasPacket()) {
            throw new IOException("grant " + lease.getGrant() + " is not of kind packet");
        }
        if (lease.getPacket().hasRing() || lease.getPacket().getFdsCount() != 1) {
            throw new IOException(
                    "grant " + lease.getGrant() + " has rings or several sockets; a hybrid port needs a grant"
                            + " of kind packet with one socket and ring-frames: 0");
        }
        int header = lease.getPacket().getVnetHeader();
        try {
            return HybridPort.open(
                    opening.info("hybrid", lease, features(header)),
                    TapDevice.open(name, 1, header).get(0),
                    fds.get(lease.getPacket().getFds(0)),
                    header,
                    opening.dataPath().pool(),
                    opening.dataPath()::slots);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "a hybrid port needs a persistent tap device " + name
                            + " of the worker's user in the worker's network"
                            + " namespace, and the packet socket of a grant on it: " + e.getMessage(),
                    e);
        }
    }

    /**
     * With a packet socket of our own, which takes CAP_NET_RAW: a worker that is root of a user namespace has that, for a
     * network namespace that was made there. The worker's list of system calls has no such socket.
     */
    private static Port hybrid(Opening opening, String name, Optional<Boolean> vnet) throws IOException {
        try (Closer closer = new Closer()) {
            Fd reader = closer.add(HybridPort.reader(name));
            int header = header(vnet.orElse(opening.dataPath().pool().largeFrames() > 0));
            PortInfo info = opening.info("hybrid", name, TapDevice.mtu(name), features(header));
            Fd tap = TapDevice.open(name, 1, header).get(0);
            closer.release();
            return HybridPort.open(info, tap, reader, header, opening.dataPath().pool(), opening.dataPath()::slots);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "a hybrid port needs a persistent tap device " + name
                            + " of the worker's user in the worker's network"
                            + " namespace, and there a packet socket: of a grant on it, which the policy does not have,"
                            + " or our own, for which it is root of a user namespace and started with --no-seccomp: "
                            + e.getMessage(),
                    e);
        }
    }

    private static int header(boolean vnet) {
        return vnet ? FrameLimits.VNET_HEADER : 0;
    }

    private static List<String> features(int header) {
        return header > 0 ? List.of("vnet-hdr") : List.of();
    }
}
