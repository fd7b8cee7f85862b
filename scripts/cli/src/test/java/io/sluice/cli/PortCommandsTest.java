package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.GreOptions;
import io.sluice.worker.v1.NshOptions;
import io.sluice.worker.v1.PacketOptions;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortSpec;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.RemovePortRequest;
import io.sluice.worker.v1.SeqpacketOptions;
import io.sluice.worker.v1.StreamOptions;
import io.sluice.worker.v1.TapOptions;
import io.sluice.worker.v1.VxlanOptions;
import io.sluice.worker.v1.XdpOptions;
import java.util.List;
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
                                + "\"features\":[\"native\",\"busy-poll\"],\"link\":\"up-lan0\",\"notes\":[],\"threads\":[]}]}\n");
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
    void addTakesANetdevWithAndWithoutItsFirstWord() {
        String netdev = "dgram,id=n0,local.type=fd,local.str=5";
        AddPortRequest wanted = AddPortRequest.newBuilder().setNetdev(netdev).build();
        for (String line : List.of("port add ", "port add -netdev ", "port add --netdev=")) {
            out(line + netdev);
            assertThat(server.request).as(line).isEqualTo(wanted);
        }
    }

    private PortSpec added(String line) {
        out("port add " + line);
        return ((AddPortRequest) server.request).getSpec();
    }

    @Test
    void tunnelsHaveOptions() {
        assertThat(added("t wan --kind gre --local 192.0.2.1 --remote 192.0.2.2 --rx-key 0 --tx-key 4294967295"
                        + " --pin-sequence"))
                .isEqualTo(PortSpec.newBuilder()
                        .setName("t")
                        .setGrant("wan")
                        .setGre(GreOptions.newBuilder()
                                .setSrc("192.0.2.1")
                                .setDst("192.0.2.2")
                                .setRxKey(0)
                                .setTxKey(-1)
                                .setSequence(true)
                                .setPinSequence(true))
                        .build());
        assertThat(added("t --kind vxlan --remote 192.0.2.2 --vni 42 --port 8472")
                        .getVxlan())
                .isEqualTo(VxlanOptions.newBuilder()
                        .setRemote("192.0.2.2")
                        .setVni(42)
                        .setPort(8472)
                        .build());
        assertThat(added("t --kind vxlan-gpe --remote ::1 --vni 1").hasVxlanGpe())
                .isTrue();
        assertThat(added("t --kind GENEVE --remote ::1 --vni 1").hasGeneve()).isTrue();
        NshOptions nsh = added(
                        "t --kind nsh --over vxlan-gpe --remote ::1 --vni 1 --spi 123 --si 9 --rx-si 10 --md-type 2")
                .getNsh();
        assertThat(nsh.getVxlanGpe().getVni()).isEqualTo(1);
        assertThat(nsh.getSpi()).isEqualTo(123);
        assertThat(nsh.getSi()).isEqualTo(9);
        assertThat(nsh.getRxSi()).isEqualTo(10);
        assertThat(nsh.getMdType()).isEqualTo(2);
        assertThat(added("t lan --over ethernet --next-hop 02:00:00:00:00:01")
                        .getNsh()
                        .getEthernet()
                        .getDestination())
                .isEqualTo("02:00:00:00:00:01");
        assertThat(added("t --over gre --remote 192.0.2.2").getNsh().getGre().getDst())
                .isEqualTo("192.0.2.2");
    }

    @Test
    void tapsAndSocketsHaveOptions() {
        assertThat(added("t --ifname tap0 --queues 4 --offloads off").getTap())
                .isEqualTo(TapOptions.newBuilder()
                        .setIfname("tap0")
                        .setQueues(4)
                        .setVnetHeader(false)
                        .build());
        assertThat(added("t --fds 5,6").getTap().getFdsList()).containsExactly(5, 6);
        assertThat(added("t guest --kind tap").getGrant()).isEqualTo("guest");
        assertThat(added("t --kind seqpacket --path /run/w --listen").getSeqpacket())
                .isEqualTo(SeqpacketOptions.newBuilder()
                        .setPath("/run/w")
                        .setListen(true)
                        .build());
        assertThat(added("t --address 127.0.0.1:7 --reconnect-ms 50").getStream())
                .isEqualTo(StreamOptions.newBuilder()
                        .setAddress("127.0.0.1:7")
                        .setReconnectMs(50)
                        .build());
        assertThat(added("t --kind stream --path /s --listen").getStream().getServer())
                .isTrue();
        assertThat(added("t --kind stream --fd 5").getStream().getFd()).isEqualTo(5);
        assertThat(added("t --kind fd --fd 9").getFd().getFd()).isEqualTo(9);
    }

    @Test
    void notesAreLinesOfTheirOwn() {
        server.port = UPLINK.toBuilder().addNotes("colour= is ignored").build();
        assertThat(out("port add up uplink")).endsWith("(native,busy-poll)\nnote: colour= is ignored\n");
    }

    @Test
    void optionsThatDoNotGoTogetherAreAUsageError() {
        assertThat(err(2, "port add p g --rx-only --sockets 2"))
                .isEqualTo("sluice: cannot add port p: --rx-only, --sockets: no kind of port has all of these\n");
        assertThat(err(2, "port add p g --kind packet --rx-only"))
                .isEqualTo("sluice: cannot add port p: --rx-only: not for a port of kind packet\n");
        assertThat(err(2, "port add p g --kind xdp --sockets 2")).contains("--sockets: not for a port of kind xdp");
        assertThat(err(2, "port add p --remote ::1"))
                .contains("which kind of port? --kind with one of [gre, vxlan, vxlan-gpe, geneve, nsh]");
        assertThat(err(2, "port add vec0:transport=raw --depth 3")).contains("all its options in it");
        assertThat(err(2, "port add p -netdev vde,id=v")).contains("all its options in it");
        assertThat(err(2, "port add p")).contains("the name of a grant is missing");
        assertThat(err(2, "port add p --kind xdp")).contains("the name of a grant is missing");
        assertThat(err(2, "port add")).contains("its name is missing");
        assertThat(err(2, "port add p --kind nsh --spi 1")).contains("nsh needs --over ethernet, gre or vxlan-gpe");
        assertThat(err(2, "port add p --rx-key -1 --tx-key 1 --kind gre")).contains("--rx-key -1: 0 to 4294967295");
        assertThat(err(2, "port add p --path /s --fd 5 --kind stream")).contains("one of --path, --address and --fd");
        assertThat(err(2, "port add p --ifname t --queues 1,2")).contains("--queues of a tap is one number");
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
