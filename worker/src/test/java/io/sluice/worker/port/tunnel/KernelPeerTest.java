package io.sluice.worker.port.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tunnel whose other end is the kernel's, in another namespace; and paths that are too narrow. */
@Tag("kernel")
@Timeout(60)
class KernelPeerTest {
    private static final PortKind KIND = PortKind.TUNNEL_VXLAN;
    private Lab lab;
    private Endpoint far;

    @BeforeEach
    void makeLab() throws Exception {
        lab = new Lab(4096, 100);
        far = new Endpoint(InetAddress.getByAddress(new byte[] {10, 9, 0, 2}), Protocol.VXLAN.defaultPort());
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    /** The kernel's vxlan device over a cable whose devices leave nothing to hardware, which there is none of. */
    private Wire vxlanDevice() throws Exception {
        lab.cable(KIND, "port0", "wire0", 1_700);
        lab.netns("wire0").ip("link add vx0 type vxlan id 42 local 10.9.0.2 remote 10.9.0.1 dstport 4789 nolearning");
        lab.netns("wire0").run("ethtool", "-K", "wire0", "tx", "off", "tso", "off", "gso", "off");
        lab.netns("wire0").run("ethtool", "-K", "vx0", "gro", "off");
        lab.netns("wire0").ip("link set vx0 mtu 1500 up");
        return lab.keep(new Wire(lab.netns("wire0"), "vx0"));
    }

    @Test
    void framesGoBothWaysThroughAVxlanDevice() throws Exception {
        Wire wire = vxlanDevice();
        Port port = lab.port(KIND, "port0", 1500, Vector.CAPACITY);
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sent.add(Frames.of(0, i, 60 + i * 14));
        }
        lab.enqueue(port, 0, sent.toArray(byte[][]::new));
        lab.flush(port);
        assertThat(wire.receive(100)).containsExactlyElementsOf(sent);
        for (byte[] frame : sent) {
            wire.send(frame);
        }
        assertThat(lab.receive(port, 100).stream().map(Lab.Packet::frame)).containsExactlyElementsOf(sent);
        assertThat(port.counters().dropped()).isZero();
    }

    @Test
    void superframesGoBothWaysAsSegments() throws Exception {
        Wire wire = vxlanDevice();
        Port port = lab.port(KIND, "port0", 1500, Vector.CAPACITY);
        byte[] frame = Frames.partial(Frames.Transport.TCP4, Frames.transport(Frames.Transport.TCP4, 40 * 1_400, 1));
        byte[] header = Frames.Transport.TCP4.superframeHeader(1_400);
        lab.enqueueWithHeader(port, 0, header, frame);
        lab.flush(port);
        List<byte[]> there = wire.receive(40);
        assertThat(port.counters().get(PortCounter.TX_GSO)).isEqualTo(40);
        wire.send(header, frame);
        List<byte[]> back =
                lab.receive(port, 40).stream().map(Lab.Packet::frame).toList();
        for (List<byte[]> segments : List.of(there, back)) {
            assertThat(segments)
                    .hasSize(40)
                    .allMatch(segment -> Frames.checksumIsValid(Frames.Transport.TCP4, segment))
                    .allMatch(segment -> segment.length == Frames.Transport.TCP4.headers() + 1_400);
        }
        assertThat(back).containsExactlyElementsOf(there);
    }

    @Test
    void manyTunnelsOfOneSocketMeetTheKernelsEach() throws Exception {
        vxlanDevice();
        lab.netns("wire0").ip("link add vx1 type vxlan id 43 local 10.9.0.2 remote 10.9.0.1 dstport 4789 nolearning");
        lab.netns("wire0").ip("link set vx1 up");
        Wire second = lab.keep(new Wire(lab.netns("wire0"), "vx1"));
        Underlay underlay = lab.underlay("port0", Underlay.Settings.DEFAULT);
        Port one = lab.tunnel(underlay, new TunnelSpec(new Encapsulation.Vxlan(42), far));
        Port two = lab.tunnel(underlay, new TunnelSpec(new Encapsulation.Vxlan(43), far));
        byte[] frame = Frames.of(1, 1, 600);
        second.send(frame);
        assertThat(lab.receive(two, 1).get(0).frame()).isEqualTo(frame);
        lab.enqueue(two, 0, frame);
        lab.flush(two);
        assertThat(second.receive()).isEqualTo(frame);
        assertThat(one.counters().received()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPathThatIsTooNarrowIsCountedOrCutsPackets(boolean dontFragment) throws Exception {
        lab.cable(KIND, "port0", "wire0", 1_500);
        Wire wire = lab.wire("wire0");
        Underlay underlay = lab.underlay("port0", new Underlay.Settings(false, dontFragment, true));
        Port port = lab.tunnel(underlay, new TunnelSpec(KIND.tunnel().encapsulation(), far));
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(Frames.of(0, i, i < 10 ? 1_514 : 1_450));
        }
        lab.enqueue(port, 0, all.toArray(byte[][]::new));
        lab.flush(port);
        List<byte[]> expected = dontFragment ? all.subList(10, 20) : all;
        assertThat(wire.receive(expected.size())).containsExactlyElementsOf(expected);
        assertThat(port.counters().get(PortCounter.TX_DROP_PATH_MTU)).isEqualTo(dontFragment ? 10 : 0);
        assertThat(port.counters().sent()).isEqualTo(expected.size());
        assertThat(port.counters().get(PortCounter.TX_GSO)).isEqualTo(10);
    }
}
