package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.GrantRequest.NarrowCase;
import io.sluice.grant.v1.XdpMode;
import io.sluice.worker.conductor.plan.GrantRef;
import io.sluice.worker.conductor.plan.Granted;
import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.XdpOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortPlansTest {
    private static final int FRAME_SIZE = 4096;

    private static PortPlan plan(PortSpec.Builder spec) {
        return PortPlans.of(AddPortRequest.newBuilder().setSpec(spec).build(), FRAME_SIZE);
    }

    private static GrantRequest narrow(PortPlan plan) {
        return ((Granted) plan.transport()).narrow();
    }

    private static PortSpec.Builder spec() {
        return PortSpec.newBuilder().setName("a").setGrant("lan");
    }

    @Test
    void aGrantAloneIsTakenAsItIs() {
        PortPlan plan = plan(spec());
        assertThat(plan.name()).isEqualTo("a");
        assertThat(plan.transport())
                .isEqualTo(new Granted(new GrantRef.Named("lan"), GrantRequest.getDefaultInstance()));
        assertThat(plan.depth()).isEqualTo(256);
        assertThat(plan.mtu()).isEmpty();
    }

    @Test
    void depthAndMtuArePassedOn() {
        PortPlan plan = plan(spec().setDepth(32).setMtu(9000));
        assertThat(plan.depth()).isEqualTo(32);
        assertThat(plan.mtu()).contains(9000);
    }

    @ParameterizedTest
    @CsvSource({"AUTO, XDP_MODE_AUTO", "NATIVE, XDP_MODE_NATIVE", "SKB, XDP_MODE_SKB"})
    void xdpOptionsNarrowTheGrantAndTheChunksAreThisPoolsFrames(XdpOptions.Mode mode, XdpMode wanted) {
        PortPlan plan = plan(spec().setXdp(XdpOptions.newBuilder()
                .addQueues(2)
                .addQueues(3)
                .setMode(mode)
                .setForceCopy(true)
                .setNoBusyPoll(true)
                .setRxOnly(true)));
        var xdp = narrow(plan).getXdp();
        assertThat(xdp.getQueuesList()).containsExactly(2, 3);
        assertThat(xdp.getMode()).isEqualTo(wanted);
        assertThat(xdp.getForceCopy()).isTrue();
        assertThat(xdp.getNoBusyPoll()).isTrue();
        assertThat(xdp.getRxOnly()).isTrue();
        assertThat(xdp.getChunkSize()).isEqualTo(FRAME_SIZE);
    }

    @Test
    void xdpOptionsThatAreLeftOutAskForNothing() {
        var xdp = narrow(plan(spec().setXdp(XdpOptions.getDefaultInstance()))).getXdp();
        assertThat(xdp.getQueuesList()).isEmpty();
        assertThat(xdp.getForceCopy() || xdp.getNoBusyPoll() || xdp.getRxOnly()).isFalse();
    }

    @Test
    void anUnknownModeIsRefused() {
        assertThatThrownBy(() -> plan(spec().setXdp(XdpOptions.newBuilder().setModeValue(9))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("unknown xdp mode");
    }

    @Test
    void packetOptionsKeepTheDifferenceBetweenNoAndNotSaid() {
        PacketOptions.Builder options = PacketOptions.newBuilder().setSockets(3);
        var unsaid = narrow(plan(spec().setPacket(options))).getPacket();
        assertThat(unsaid.getSockets()).isEqualTo(3);
        assertThat(unsaid.hasVnetHeader()).isFalse();
        var no = narrow(plan(spec().setPacket(options.setOffloads(false)))).getPacket();
        assertThat(no.hasVnetHeader()).isTrue();
        assertThat(no.getVnetHeader()).isFalse();
        var yes = narrow(plan(spec().setPacket(options.setOffloads(true)))).getPacket();
        assertThat(yes.getVnetHeader()).isTrue();
    }

    @Test
    void ringsAreAskedForAsTheyAreWished() {
        var narrow = narrow(plan(spec().setPacket(PacketOptions.newBuilder().setRingFrames(64))));
        assertThat(narrow.getPacket().getRingFrames()).isEqualTo(64);
    }

    @Test
    void aPortNeedsAGrant() {
        assertThatThrownBy(() -> plan(PortSpec.newBuilder().setName("a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("port a: the name of a grant is expected");
    }

    @Test
    void aVectorDeviceNeedsNoGrantForItNamesAnInterface() {
        PortPlan plan = PortPlans.of(
                AddPortRequest.newBuilder()
                        .setVector("vec0:transport=raw,ifname=eth1")
                        .build(),
                FRAME_SIZE);
        assertThat(((Granted) plan.transport()).grant()).isEqualTo(new GrantRef.OnInterface("packet", "eth1"));
        assertThat(narrow(plan).getNarrowCase()).isEqualTo(NarrowCase.PACKET);
    }

    @Test
    void neitherFormIsAnError() {
        assertThatThrownBy(() -> PortPlans.of(AddPortRequest.getDefaultInstance(), FRAME_SIZE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a spec, a vector device or a netdev is expected");
    }
}
