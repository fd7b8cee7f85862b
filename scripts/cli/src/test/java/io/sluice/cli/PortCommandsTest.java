package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.XdpOptions;
import org.junit.jupiter.api.Test;

class PortCommandsTest extends CommandTest {
    private static final Port UPLINK = Port.newBuilder()
            .setName("up")
            .setKind("xdp")
            .setState(PortState.UP)
            .setGrant("uplink")
            .setLease(7)
            .setInterface("eth1")
            .setIfindex(4)
            .setMtu(1500)
            .setMac("02:00:00:00:00:01")
            .setQueues(2)
            .setDepth(256)
            .addFeatures("native")
            .addFeatures("busy-poll")
            .setLink("up-lan0")
            .build();
    private static final Port LAN = Port.newBuilder()
            .setName("lan0")
            .setKind("packet")
            .setState(PortState.DOWN)
            .setReason("an operator revoked the lease")
            .setGrant("lan")
            .setLease(12)
            .setInterface("v1")
            .setMtu(9000)
            .setQueues(1)
            .build();

    @Test
    void listIsATableWithDownPortsStandingOut() {
        server.ports.add(UPLINK);
        server.ports.add(LAN);
        assertThat(out("port ls")).isEqualTo("""
                NAME  KIND    STATE  GRANT   LEASE  INTERFACE   MTU  QUEUES  MAC                LINK     FEATURES
                up    xdp     up     uplink      7  eth1       1500       2  02:00:00:00:00:01  up-lan0  native,busy-poll
                lan0  packet  DOWN   lan        12  v1         9000       1  -                  -        an operator revoked the lease
                """);
    }

    @Test
    void listAsJsonHasEveryFieldByItsName() {
        server.ports.add(UPLINK);
        assertThat(out("port ls --json"))
                .isEqualTo(
                        "{\"ports\":[{\"name\":\"up\",\"kind\":\"xdp\",\"state\":\"up\",\"reason\":\"\",\"grant\":\"uplink\","
                                + "\"lease\":7,\"interface\":\"eth1\",\"ifindex\":4,\"mtu\":1500,"
                                + "\"mac\":\"02:00:00:00:00:01\",\"queues\":2,\"depth\":256,"
                                + "\"features\":[\"native\",\"busy-poll\"],\"link\":\"up-lan0\"}]}\n");
    }

    @Test
    void emptyListSaysSo() {
        assertThat(out("port ls")).isEqualTo("no ports\n");
        assertThat(out("port ls --json")).isEqualTo("{\"ports\":[]}\n");
    }

    @Test
    void addWithoutOptionsLeavesTheKindToTheGrant() {
        server.port = UPLINK;
        assertThat(out("port add up uplink"))
                .isEqualTo("up is up: xdp on eth1, 2 queues, MTU 1500, lease 7 (native,busy-poll)\n");
        assertThat(server.request)
                .isEqualTo(AddPortRequest.newBuilder()
                        .setSpec(PortSpec.newBuilder().setName("up").setGrant("uplink"))
                        .build());
    }

    @Test
    void addWithXdpOptions() {
        out(
                "port add up uplink --queues 0,1 --mode NATIVE --force-copy --no-busy-poll --rx-only --depth 64 --mtu 1400");
        assertThat(server.request)
                .isEqualTo(AddPortRequest.newBuilder()
                        .setSpec(PortSpec.newBuilder()
                                .setName("up")
                                .setGrant("uplink")
                                .setDepth(64)
                                .setMtu(1400)
                                .setXdp(XdpOptions.newBuilder()
                                        .addQueues(0)
                                        .addQueues(1)
                                        .setMode(XdpOptions.Mode.NATIVE)
                                        .setForceCopy(true)
                                        .setNoBusyPoll(true)
                                        .setRxOnly(true)))
                        .build());
    }

    @Test
    void addWithPacketOptions() {
        out("port add lan0 lan --sockets 2 --offloads off --ring-frames 512");
        assertThat(server.request)
                .isEqualTo(AddPortRequest.newBuilder()
                        .setSpec(PortSpec.newBuilder()
                                .setName("lan0")
                                .setGrant("lan")
                                .setPacket(PacketOptions.newBuilder()
                                        .setSockets(2)
                                        .setOffloads(false)
                                        .setRingFrames(512)))
                        .build());
        out("port add lan0 lan --kind packet");
        assertThat(((AddPortRequest) server.request).getSpec().getPacket())
                .isEqualTo(PacketOptions.getDefaultInstance());
        assertThat(((AddPortRequest) server.request).getSpec().hasPacket()).isTrue();
    }

    @Test
    void addTakesAVectorDeviceVerbatim() {
        out("port add vec0:transport=raw,ifname=v1,depth=128");
        assertThat(server.request)
                .isEqualTo(AddPortRequest.newBuilder()
                        .setVector("vec0:transport=raw,ifname=v1,depth=128")
                        .build());
    }

    @Test
    void optionsOfTwoKindsAreAUsageError() {
        assertThat(err(2, "port add p g --queues 1 --sockets 2"))
                .isEqualTo("sluice: cannot add port p: --queues, --mode, --force-copy, --no-busy-poll and --rx-only are"
                        + " for xdp ports only\n");
        assertThat(err(2, "port add p g --kind packet --rx-only")).contains("for xdp ports only");
        assertThat(err(2, "port add p g --kind xdp --offloads on")).contains("for packet ports only");
        assertThat(err(2, "port add vec0:transport=raw --depth 3")).contains("behind its colon");
        assertThat(err(2, "port add p")).contains("the name of a grant is missing");
        assertThat(server.request).isNull();
    }

    @Test
    void refusalsHaveExitCodesAndTheServersReason() {
        server.failure = Status.FAILED_PRECONDITION.withDescription("the grant allows queues 2, 3; ask for those");
        assertThat(err(1, "port add up uplink"))
                .isEqualTo("sluice: cannot add port up: the grant allows queues 2, 3; ask for those\n");
        server.failure = Status.NOT_FOUND.withDescription("there is no grant uplink");
        assertThat(err(4, "port add up uplink")).isEqualTo("sluice: cannot add port up: there is no grant uplink\n");
        server.failure = Status.PERMISSION_DENIED.withDescription("policy says no");
        assertThat(err(5, "port add up uplink")).isEqualTo("sluice: cannot add port up: policy says no\n");
        server.failure = Status.UNAVAILABLE.withDescription("the broker is away");
        assertThat(err(3, "port add up uplink")).isEqualTo("sluice: cannot add port up: the broker is away\n");
        server.failure = Status.ALREADY_EXISTS.withDescription("there is a port up");
        assertThat(err(1, "port add up uplink")).isEqualTo("sluice: cannot add port up: there is a port up\n");
    }

    @Test
    void removeNamesThePort() {
        assertThat(out("port rm up")).isEqualTo("up is removed\n");
        assertThat(server.request)
                .isEqualTo(RemovePortRequest.newBuilder().setName("up").build());
        assertThat(out("port rm up --json")).isEqualTo("{\"removed\":\"up\"}\n");
    }
}
