package io.sluice.lab.interop.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tap devices with the host's own stack behind them, and a VDE switch with one. */
@Tag("interop")
final class TapInteropTest extends LocalPeers {
    /** Opens the tap device as descriptor 20 and becomes the worker. */
    private static final String OPEN = """
            import fcntl, os, struct, sys
            tap = os.open("/dev/net/tun", os.O_RDWR)
            # TUNSETIFF: IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
            fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"peer", 0x5002))
            os.dup2(tap, 20)
            os.close(tap)
            os.execvp(sys.argv[1], sys.argv[1:])
            """;

    @ParameterizedTest(name = "vnet_hdr={0}")
    @ValueSource(strings = {"on", "off"})
    void theHostsStackSpeaksThroughATapDevice(String vnet) {
        log.speaks("Linux", "tap", "vnet_hdr=" + vnet);
        crossing().device(vnet.equals("on") ? "vnet_hdr" : "");
        crossing().worker();
        crossing().port("l", "-netdev", "tap,id=l,ifname=" + Crossing.DEVICE + ",script=no,vnet_hdr=" + vnet);
        log.saw(features());
        exchange();
        String features = crossing().run(crossing().net().b(), "ethtool -k " + Crossing.DEVICE);
        assertThat(features).contains("tcp-segmentation-offload: " + vnet);
        if (vnet.equals("on")) {
            crossing().sluice("port", "set", "l", "tx=off", "tso=off", "uso=off");
            log.saw("switched off: " + crossing().tcp());
        }
    }

    @Test
    void theHostsStackSpeaksThroughSeveralQueues() {
        log.speaks("Linux", "tap", "queues=4");
        crossing().device("vnet_hdr multi_queue");
        crossing().worker();
        crossing().port("l", "-netdev", "tap,id=l,ifname=" + Crossing.DEVICE + ",script=no,queues=4");
        assertThat(crossing().sluice("port", "show", "l")).contains("4 queues");
        exchange();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"tap, offloads, 1", "tap-4, 'offloads, 4 queues', 4", "tap-plain, no offloads, 1"})
    void aHostBehindABridgeSpeaksThroughALeasedTapDevice(String grant, String how, int queues) {
        log.speaks("Linux", "tap grant", how);
        Topology net = crossing().net();
        crossing().run(net.dut(), "ip link add " + Crossing.BRIDGE + " up type bridge");
        try {
            crossing().run(net.dut(), "ip link set v2 master " + Crossing.BRIDGE);
            crossing().run(net.b(), "ip address add " + Topology.ADDRESS_B + "/24 dev v3");
            crossing().worker();
            crossing().port("l", "l", grant, "--kind", "tap");
            assertThat(crossing().sluice("port", "show", "l")).contains(queues == 1 ? "1 queue," : queues + " queues,");
            log.saw(features());
            exchange();
        } finally {
            crossing().run(net.b(), "ip address flush dev v3");
            crossing().run(net.dut(), "ip link delete " + Crossing.BRIDGE);
        }
    }

    @Test
    void theHostsStackSpeaksThroughATapDeviceAndAPacketSocketOfTheWorker() {
        log.speaks("Linux", "hybrid", "own packet socket, in a user namespace");
        crossing().workerInUserNamespace();
        crossing().device("vnet_hdr");
        crossing().port("l", "l:transport=hybrid,ifname=" + Crossing.DEVICE);
        exchange();
    }

    private String features() {
        String shown = crossing().sluice("port", "show", "l", "--json");
        assertThat(shown).contains("\"tap\"");
        return shown.contains("\"tso4\"") ? "offloads" : "no offloads";
    }

    @Test
    void theHostsStackSpeaksThroughAnInheritedTapDevice() {
        log.speaks("Linux", "tap fd", "vnet_hdr");
        needs(PYTHON, "python3-minimal");
        crossing().device("vnet_hdr");
        crossing().heir(List.of(PYTHON, "-c", OPEN));
        crossing().port("l", "-netdev", "tap,id=l,fd=20");
        exchange();
    }

    @Test
    void aVdeSwitchLetsThePortBackInWhenItComesBack() {
        log.speaks("vde_switch", "vde", "vnl, with a tap device");
        needs("vde_switch", "vde2");
        crossing().device("");
        crossing().worker();
        String directory = crossing().path("vde");
        crossing().port("l", "l:transport=vde,vnl=vde://" + directory);
        for (int round = 1; round <= 2; round++) {
            try (RunningProcess vde = crossing().peer("vde_switch", "-x", "-s", directory, "-t", Crossing.DEVICE)) {
                log.saw("connection " + round + ": " + crossing().pings());
                assertThat(vde.isAlive()).isTrue();
            }
        }
        assertThat(crossing().counter("l", "peer_connected")).isEqualTo(2);
    }
}
