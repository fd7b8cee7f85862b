package io.sluice.worker.control;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpMode;
import io.sluice.grant.v1.XdpRequest;
import io.sluice.worker.conductor.PortPlan;
import io.sluice.worker.conductor.VectorDevice;
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
            case SPEC -> of(request.getSpec(), frameSize);
            case FORM_NOT_SET -> throw new IllegalArgumentException("a spec or a vector device is expected");
        };
    }

    private static PortPlan of(PortSpec spec, int frameSize) {
        if (spec.getGrant().isEmpty()) {
            throw new IllegalArgumentException(
                    "port " + PortPlan.shown(spec.getName()) + ": the name of a grant is expected");
        }
        GrantRequest.Builder narrow = GrantRequest.newBuilder();
        switch (spec.getKindCase()) {
            case XDP -> narrow.setXdp(xdp(spec.getXdp(), frameSize));
            case PACKET -> narrow.setPacket(packet(spec.getPacket()));
            case KIND_NOT_SET -> {
                // The grant's own kind, narrowed by nothing.
            }
        }
        return new PortPlan(
                spec.getName(),
                new PortPlan.Target.Grant(spec.getGrant()),
                narrow.build(),
                spec.getDepth() == 0 ? Vector.CAPACITY : spec.getDepth(),
                spec.getMtu() == 0 ? Optional.empty() : Optional.of(spec.getMtu()));
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
