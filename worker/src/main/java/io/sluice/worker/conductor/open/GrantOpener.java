package io.sluice.worker.conductor.open;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.XdpLease;
import io.sluice.grant.v1.XdpMode;
import io.sluice.grant.v1.XdpQueue;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.packet.PacketPort;
import io.sluice.worker.port.xdp.XdpPort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens what the broker has behind a grant: a packet, xdp or tap port, as the lease says. */
final class GrantOpener {
    private GrantOpener() {}

    static Port open(Opening opening, Granted granted) throws ConductorException {
        return opening.leased(granted.grant(), granted.narrow(), (lease, fds) -> build(opening, lease, fds));
    }

    private static Port build(Opening opening, Lease lease, List<Fd> fds) throws IOException {
        return switch (lease.getKindCase()) {
            case XDP -> xdp(opening, lease, fds);
            case PACKET -> packet(opening, lease, fds);
            case TAP -> TapOpener.ofLease(opening, Optional.empty(), lease, fds);
            case IP ->
                throw new IOException("grant " + lease.getGrant()
                        + " is a socket for tunnels or datagrams, no port by itself; name it as the grant of a gre, l2tpv3, vxlan,"
                        + " vxlan-gpe, geneve, nsh or dgram port");
            case KIND_NOT_SET ->
                throw new IOException("grant " + lease.getGrant()
                        + " is of a kind that this worker has no port for; it has packet, xdp and tap ports");
        };
    }

    /** The port of a packet lease. */
    static Port packet(Opening opening, Lease lease, List<Fd> fds) throws SyscallException {
        PacketLease packet = lease.getPacket();
        List<Fd> sockets = packet.getFdsList().stream().map(fds::get).toList();
        Optional<PacketPort.RingLayout> ring = packet.hasRing()
                ? Optional.of(new PacketPort.RingLayout(
                        packet.getRing().getFrameSize(), packet.getRing().getFrameCount()))
                : Optional.empty();
        return PacketPort.open(
                opening.info("packet", lease, packetFeatures(packet)),
                sockets,
                packet.getSendFdsList().stream().map(fds::get).toList(),
                packet.getVnetHeader(),
                ring,
                opening.pool(),
                opening.dataPath()::slots);
    }

    private static Port xdp(Opening opening, Lease lease, List<Fd> fds) throws IOException {
        XdpLease xdp = lease.getXdp();
        List<Integer> holders = opening.holders();
        if (!holders.isEmpty() && holders.size() != xdp.getQueuesCount()) {
            throw new IOException(
                    xdp.getQueuesCount() + " queues were left, and " + holders.size() + " were written down");
        }
        List<XdpPort.Socket> sockets = new ArrayList<>();
        for (XdpQueue queue : xdp.getQueuesList()) {
            sockets.add(new XdpPort.Socket(
                    fds.get(queue.getFd()),
                    queue.getRxRing(),
                    queue.getTxRing(),
                    queue.getFillRing(),
                    queue.getCompletionRing(),
                    holders.isEmpty() ? 0 : holders.get(sockets.size())));
        }
        return XdpPort.open(
                opening.info("xdp", lease, xdpFeatures(xdp)),
                sockets,
                xdp.getBusyPoll(),
                xdp.getMultiBuffer(),
                opening.pool());
    }

    private static List<String> packetFeatures(PacketLease packet) {
        List<String> features = new ArrayList<>();
        if (packet.getVnetHeader() > 0) {
            features.add("vnet-hdr");
        }
        if (packet.hasRing()) {
            features.add("tpacket-v2");
        }
        return features;
    }

    private static List<String> xdpFeatures(XdpLease xdp) {
        List<String> features = new ArrayList<>();
        features.add(xdp.getMode() == XdpMode.XDP_MODE_NATIVE ? "native" : "skb");
        features.add(xdp.getQueues(0).getZeroCopy() ? "zero-copy" : "copy");
        if (xdp.getBusyPoll()) {
            features.add("busy-poll");
        }
        if (xdp.getMultiBuffer()) {
            features.add("multi-buffer");
        }
        if (xdp.getQueues(0).getTxRing() == 0) {
            features.add("rx-only");
        }
        return features;
    }
}
