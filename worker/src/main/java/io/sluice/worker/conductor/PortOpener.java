package io.sluice.worker.conductor;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.XdpLease;
import io.sluice.grant.v1.XdpMode;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.packet.PacketPort;
import io.sluice.worker.port.synthetic.SyntheticPort;
import io.sluice.worker.port.synthetic.TestFrame;
import io.sluice.worker.port.xdp.XdpPort;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Gets a port's lease from the broker and builds the port in the data path. */
final class PortOpener {
    private final BrokerSession session;
    private final DataPath dataPath;

    PortOpener(BrokerSession session, DataPath dataPath) {
        this.session = session;
        this.dataPath = dataPath;
    }

    /** Opens {@code plan}; on failure nothing is held. */
    Port open(PortPlan plan) throws ConductorException {
        if (plan.target() instanceof PortPlan.Target.Discard) {
            return synthetic(plan, info -> SyntheticPort.discard(info, dataPath.pool()));
        }
        if (plan.target() instanceof PortPlan.Target.Generator generator) {
            byte[] frame = TestFrame.of(generator.length(), mac(generator.destination()), mac(generator.source()));
            return synthetic(plan, info -> SyntheticPort.generator(info, frame, dataPath.pool()));
        }
        BrokerClient.Acquisition acquired = session.acquire(request(plan));
        if (acquired.reply().getLeasesCount() != 1) {
            acquired.fds().forEach(Fd::close);
            acquired.reply().getLeasesList().forEach(extra -> session.release(extra.getId()));
            throw new ConductorException(
                    Kind.REFUSED,
                    "the broker answered with " + acquired.reply().getLeasesCount()
                            + " leases where one was asked for");
        }
        Lease lease = acquired.reply().getLeases(0);
        try {
            // The constructors take frames from the pool, which belongs to the data-path thread.
            return dataPath.call(() -> build(plan, lease, acquired.fds()));
        } catch (IllegalStateException e) {
            acquired.fds().forEach(Fd::close);
            session.release(lease.getId());
            throw new ConductorException(
                    Kind.REFUSED, "port " + plan.name() + " can't be opened: " + e.getMessage(), e);
        }
    }

    private interface Synthetic {
        Port open(PortInfo info) throws SyscallException;
    }

    private Port synthetic(PortPlan plan, Synthetic how) throws ConductorException {
        String kind = plan.target() instanceof PortPlan.Target.Discard ? "null" : "generator";
        PortInfo info = new PortInfo(plan.name(), kind, "", 0, "", 0, 0, "", plan.depth(), List.of());
        try {
            return how.open(info);
        } catch (SyscallException e) {
            throw new ConductorException(Kind.REFUSED, "port " + plan.name() + ": " + e.getMessage(), e);
        }
    }

    private static byte[] mac(String text) {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }

    private GrantRequest request(PortPlan plan) throws ConductorException {
        String grant;
        if (plan.target() instanceof PortPlan.Target.Interface wanted) {
            List<GrantInfo> grants = session.grants();
            grant = grants.stream()
                    .filter(info -> info.getKind().equals(wanted.kind())
                            && info.getInterface().equals(wanted.name()))
                    .map(GrantInfo::getName)
                    .findFirst()
                    .orElseThrow(() -> new ConductorException(
                            Kind.NOT_FOUND,
                            "the policy has no " + wanted.kind() + " grant for interface " + wanted.name()
                                    + " for tenant " + session.tenant() + "; it has " + describe(grants)));
        } else {
            grant = ((PortPlan.Target.Grant) plan.target()).name();
        }
        return plan.narrow().toBuilder().setGrant(grant).build();
    }

    private static List<String> describe(List<GrantInfo> grants) {
        return grants.stream()
                .map(info -> info.getName() + " (" + info.getKind() + " on " + info.getInterface() + ")")
                .toList();
    }

    private Port build(PortPlan plan, Lease lease, List<Fd> fds) {
        try {
            if (lease.hasXdp()) {
                return xdp(plan, lease, fds);
            }
            if (!lease.hasPacket()) {
                throw new IllegalStateException("grant " + lease.getGrant()
                        + " is of a kind that this worker has no port" + " for; it has packet and xdp ports");
            }
            PortInfo info = info(plan, lease, "packet", packetFeatures(lease));
            List<Fd> sockets =
                    lease.getPacket().getFdsList().stream().map(fds::get).toList();
            return PacketPort.open(
                    info,
                    sockets,
                    lease.getPacket().getVnetHeader(),
                    ring(lease.getPacket()),
                    dataPath.pool(),
                    dataPath::slots);
        } catch (SyscallException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private static Optional<PacketPort.RingLayout> ring(PacketLease packet) {
        return packet.hasRing()
                ? Optional.of(new PacketPort.RingLayout(
                        packet.getRing().getFrameSize(), packet.getRing().getFrameCount()))
                : Optional.empty();
    }

    private Port xdp(PortPlan plan, Lease lease, List<Fd> fds) throws SyscallException {
        XdpLease xdp = lease.getXdp();
        List<XdpPort.Socket> sockets = xdp.getQueuesList().stream()
                .map(queue -> new XdpPort.Socket(
                        fds.get(queue.getFd()),
                        queue.getRxRing(),
                        queue.getTxRing(),
                        queue.getFillRing(),
                        queue.getCompletionRing()))
                .toList();
        PortInfo info = info(plan, lease, "xdp", xdpFeatures(xdp));
        return XdpPort.open(info, sockets, xdp.getBusyPoll(), dataPath.pool());
    }

    private static List<String> packetFeatures(Lease lease) {
        List<String> features = new ArrayList<>();
        if (lease.getPacket().getVnetHeader() > 0) {
            features.add("vnet-hdr");
        }
        if (lease.getPacket().hasRing()) {
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
        if (xdp.getQueues(0).getTxRing() == 0) {
            features.add("rx-only");
        }
        return features;
    }

    private static PortInfo info(PortPlan plan, Lease lease, String kind, List<String> features) {
        return new PortInfo(
                plan.name(),
                kind,
                lease.getGrant(),
                lease.getId(),
                lease.getDevice().getName(),
                lease.getDevice().getIfindex(),
                plan.mtu().orElse(lease.getDevice().getMtu()),
                HexFormat.ofDelimiter(":").formatHex(lease.getDevice().getMac().toByteArray()),
                plan.depth(),
                features);
    }
}
