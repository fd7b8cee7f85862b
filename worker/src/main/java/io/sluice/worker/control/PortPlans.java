package io.sluice.worker.control;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpMode;
import io.sluice.grant.v1.XdpRequest;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.conductor.plan.MessageTransport;
import io.sluice.worker.conductor.plan.Netdev;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.conductor.plan.Transport;
import io.sluice.worker.conductor.plan.VectorDevice;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.XdpOptions;
import java.util.Optional;

/** From what a client says to a checked plan. */
final class PortPlans {
    private PortPlans() {}

    /**
     * @throws IllegalArgumentException it can't be understood
     */
    static PortPlan of(AddPortRequest request, int frameSize) {
        return switch (request.getFormCase()) {
            case VECTOR -> VectorDevice.parse(request.getVector());
            case NETDEV -> Netdev.parse(request.getNetdev());
            case SPEC -> of(request.getSpec(), frameSize);
            case FORM_NOT_SET -> throw new IllegalArgumentException("a spec, a vector device or a netdev is expected");
        };
    }

    private static PortPlan of(PortSpec spec, int frameSize) {
        Optional<GrantRef> grant =
                spec.getGrant().isEmpty() ? Optional.empty() : Optional.of(new GrantRef.Named(spec.getGrant()));
        return new PortPlan(
                spec.getName(),
                transport(spec, grant, frameSize),
                spec.getDepth() == 0 ? Vector.CAPACITY : spec.getDepth(),
                spec.getMtu() == 0 ? Optional.empty() : Optional.of(spec.getMtu()));
    }

    private static Transport transport(PortSpec spec, Optional<GrantRef> grant, int frameSize) {
        return switch (spec.getKindCase()) {
            case XDP ->
                granted(
                        spec,
                        grant,
                        GrantRequest.newBuilder()
                                .setXdp(xdp(spec.getXdp(), frameSize))
                                .build());
            case PACKET ->
                granted(
                        spec,
                        grant,
                        GrantRequest.newBuilder()
                                .setPacket(packet(spec.getPacket()))
                                .build());
            case KIND_NOT_SET -> granted(spec, grant, GrantRequest.getDefaultInstance());
            case TAP -> MessagePlans.tap(spec.getTap(), grant);
            case GRE -> TunnelPlans.gre(spec.getGre(), grant);
            case L2TPV3 -> TunnelPlans.l2tpv3(spec.getL2Tpv3(), grant);
            case VXLAN -> TunnelPlans.vxlan(spec.getVxlan(), grant);
            case VXLAN_GPE -> TunnelPlans.vxlanGpe(spec.getVxlanGpe(), grant);
            case GENEVE -> TunnelPlans.geneve(spec.getGeneve(), grant);
            case NSH -> TunnelPlans.nsh(spec.getNsh(), grant);
            case INET_DGRAM -> MessagePlans.inetDgram(spec.getInetDgram(), grant);
            case HYBRID, SEQPACKET, UNIX_DGRAM, STREAM, VDE, FD -> ungranted(spec, grant);
        };
    }

    private static Transport granted(PortSpec spec, Optional<GrantRef> grant, GrantRequest narrow) {
        return new Granted(
                grant.orElseThrow(() -> new IllegalArgumentException(
                        "port " + PortPlan.shown(spec.getName()) + ": the name of a grant is expected")),
                narrow);
    }

    private static Transport ungranted(PortSpec spec, Optional<GrantRef> grant) {
        if (grant.isPresent()) {
            throw new IllegalArgumentException("port " + PortPlan.shown(spec.getName()) + " of kind "
                    + PortSpec.getDescriptor()
                            .findFieldByNumber(spec.getKindCase().getNumber())
                            .getName()
                    + " comes from no grant; leave it out");
        }
        return switch (spec.getKindCase()) {
            case HYBRID -> MessagePlans.hybrid(spec.getHybrid());
            case SEQPACKET -> MessagePlans.seqpacket(spec.getSeqpacket());
            case UNIX_DGRAM ->
                new MessageTransport.UnixDgram(
                        spec.getUnixDgram().getLocal(), spec.getUnixDgram().getRemote());
            case STREAM -> MessagePlans.stream(spec.getStream());
            case VDE -> MessagePlans.vde(spec.getVde());
            default -> new MessageTransport.Inherited(spec.getFd().getFd());
        };
    }

    private static XdpRequest xdp(XdpOptions options, int frameSize) {
        XdpMode mode = switch (options.getMode()) {
            case AUTO -> XdpMode.XDP_MODE_AUTO;
            case NATIVE -> XdpMode.XDP_MODE_NATIVE;
            case SKB -> XdpMode.XDP_MODE_SKB;
            case UNRECOGNIZED -> throw new IllegalArgumentException("unknown xdp mode");
        };
        return XdpRequest.newBuilder()
                .addAllQueues(options.getQueuesList())
                .setMode(mode)
                .setForceCopy(options.getForceCopy())
                .setNoBusyPoll(options.getNoBusyPoll())
                .setRxOnly(options.getRxOnly())
                .setChunkSize(frameSize)
                .build();
    }

    private static PacketRequest packet(PacketOptions options) {
        PacketRequest.Builder packet =
                PacketRequest.newBuilder().setSockets(options.getSockets()).setRingFrames(options.getRingFrames());
        if (options.hasOffloads()) {
            packet.setVnetHeader(options.getOffloads());
        }
        return packet.build();
    }
}
