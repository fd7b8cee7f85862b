package io.sluice.worker.port.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.codec.Counting;
import io.sluice.worker.codec.Drop;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.codec.Nsh;
import io.sluice.worker.codec.Protocol;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.LabCalls;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tunnels that share a socket, over loopback. */
@Timeout(60)
class UnderlayTest {
    private static final byte[] FRAME = Frames.of(0, 0, 60);

    private Ends ends;
    private Underlay underlay;
    private Endpoint local;
    private Fd peer;
    private Endpoint peerAt;

    @BeforeEach
    void faceEachOther() throws Exception {
        ends = new Ends();
        underlay = ends.underlay(Protocol.VXLAN, Ends.at(1, 0), Underlay.Settings.DEFAULT);
        local = Ends.at(1, Ends.portOf(underlay.fd()));
        peer = ends.socket(Ends.at(2, 0));
        peerAt = Ends.at(2, Ends.portOf(peer));
    }

    @AfterEach
    void close() {
        ends.close();
    }

    private static String vxlan(int vni) {
        return String.format("08000000%06x00", vni);
    }

    @Test
    void tenThousandTunnelsGetWhatIsTheirsAndStrangersNothing() throws Exception {
        List<Port> ports = new ArrayList<>();
        for (int vni = 0; vni < 10_000; vni++) {
            ports.add(ends.port(underlay, new Encapsulation.Vxlan(vni), peerAt));
        }
        Fd stranger = ends.socket(Ends.at(3, 0));
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            int vni = random.nextInt(10_000);
            byte[] frame = Frames.of(vni, round, 60 + random.nextInt(900));
            Ends.send(peer, local, vxlan(vni), frame);
            assertThat(ends.receive(ports.get(vni), 1)).containsExactly(frame);
        }
        Ends.send(peer, local, vxlan(10_000), FRAME);
        Ends.send(peer, local, vxlan(0xffffff), FRAME);
        Ends.send(stranger, local, vxlan(5), FRAME);
        assertThat(ends.poll(ports.get(5))).isEmpty();
        assertThat(underlay.counters().get(PortCounter.RX_DROP_KEY)).isEqualTo(2);
        assertThat(underlay.counters().get(PortCounter.RX_DROP_PEER)).isEqualTo(1);
        assertThat(underlay.counters().received()).isEqualTo(underlay.counters().dropped());
        assertThat(ports.get(5).kernel().read())
                .containsEntry("underlay_rx_drop_key", 2L)
                .containsEntry("underlay_rx_drop_peer", 1L);
        long received =
                ports.stream().mapToLong(port -> port.counters().received()).sum();
        assertThat(received).isEqualTo(200);
        assertThat(underlay.warmed()).isPositive();
    }

    private static Encapsulation path(Protocol carrier, int key, int spi, int si) {
        OptionalInt index = si == 0 ? OptionalInt.empty() : OptionalInt.of(si);
        Optional<Nsh> nsh = Optional.of(new Nsh(2, spi, index, spi, si == 0 ? 255 : si, 63, 0, 0));
        OptionalInt both = OptionalInt.of(key);
        return carrier == Protocol.GRE
                ? new Encapsulation.Gre(both, both, Counting.NONE, 0, false, nsh)
                : new Encapsulation.VxlanGpe(key, nsh);
    }

    @Test
    void servicePathsOfOneVniAreToldApartAndTheirHopsAsWell() throws Exception {
        Underlay gpe = ends.underlay(Protocol.VXLAN_GPE, Ends.at(1, 0), Underlay.Settings.DEFAULT);
        Endpoint at = Ends.at(1, Ends.portOf(gpe.fd()));
        Port frames = ends.port(gpe, new Encapsulation.VxlanGpe(42, Optional.empty()), peerAt);
        Port any = ends.port(gpe, path(Protocol.VXLAN_GPE, 42, 291, 0), peerAt);
        Port hop = ends.port(gpe, path(Protocol.VXLAN_GPE, 42, 291, 254), peerAt);
        Port other = ends.port(gpe, path(Protocol.VXLAN_GPE, 42, 0, 0), peerAt);
        Port vni = ends.port(gpe, path(Protocol.VXLAN_GPE, 43, 291, 0), peerAt);
        List<Port> ports = List.of(frames, any, hop, other, vni);
        ports.forEach(port -> port.queues().get(0).poll(new Vector(), 1));
        String nsh = "0c000004 00002a00 0fc20203";
        Ends.send(peer, at, "0c000003 00002a00", Frames.of(0, 0, 60));
        Ends.send(peer, at, nsh + "000123ff", Frames.of(1, 0, 60));
        Ends.send(peer, at, nsh + "000123fe", Frames.of(2, 0, 60));
        Ends.send(peer, at, nsh + "000000ff", Frames.of(3, 0, 60));
        Ends.send(peer, at, "0c000004 00002b00 0fc20203 000123fe", Frames.of(4, 0, 60));
        Ends.send(peer, at, nsh + "000124ff", Frames.of(5, 0, 60)); // nobody's
        Ends.send(peer, at, nsh + "00012300", Frames.of(6, 0, 60)); // the end of its path
        for (int i = 0; i < ports.size(); i++) {
            assertThat(ends.receive(ports.get(i), 1)).containsExactly(Frames.of(i, 0, 60));
        }
        assertThat(gpe.counters().get(PortCounter.RX_DROP_KEY)).isEqualTo(1);
        assertThat(any.counters().get(PortCounter.RX_DROP_SERVICE_PATH)).isEqualTo(1);
        assertThatThrownBy(() -> ends.port(gpe, path(Protocol.VXLAN_GPE, 42, 291, 254), peerAt))
                .hasMessageContaining("service path already");
        hop.queues().get(0).close();
        Ends.send(peer, at, nsh + "000123fe", FRAME);
        assertThat(ends.receive(any, 1)).as("it was not for others before").containsExactly(FRAME);
    }

    /** A GRE key and a path are more than a key of the table holds: they are mixed, so the session has to look again. */
    @Test
    void whatOnlyLooksLikeTheGreKeyOfAPathIsNotTaken() {
        Encapsulation gre = path(Protocol.GRE, 7, 291, 0);
        ByteBuffer bytes = Native.allocate(64);
        bytes.put(0, HexFormat.of().parseHex("2000894f00000007" + "0fc20203000123ff"));
        assertThat(Nsh.anyIndex(Protocol.GRE.key(bytes, 0, 64))).isEqualTo(gre.key());
        assertThat(gre.open().strip(bytes, 0, 64)).isEqualTo(16);
        bytes.put(7, (byte) 8);
        assertThat(Nsh.anyIndex(Protocol.GRE.key(bytes, 0, 64))).isNotEqualTo(gre.key());
        assertThat(Drop.of(gre.open().strip(bytes, 0, 64))).isEqualTo(Drop.SERVICE_PATH);
    }

    @Test
    void oneReceiveWakesThosePortsThatGotSomethingOnceEach() throws Exception {
        List<Port> ports = new ArrayList<>();
        int[] wakes = new int[100];
        for (int vni = 0; vni < wakes.length; vni++) {
            int index = vni;
            ports.add(ends.unserved(underlay, new Encapsulation.Vxlan(vni), peerAt));
            ports.get(vni).queues().get(0).waiter(() -> wakes[index]++);
        }
        for (int i = 0; i < 60; i++) {
            Ends.send(peer, local, vxlan(i % 3 * 40), FRAME);
        }
        assertThat(underlay.receive()).isEqualTo(60);
        for (int vni = 0; vni < wakes.length; vni++) {
            boolean meant = vni % 40 == 0;
            assertThat(wakes[vni]).isEqualTo(meant ? 1 : 0);
            assertThat(ports.get(vni).queues().get(0).pending()).isEqualTo(meant);
            assertThat(ends.poll(ports.get(vni))).hasSize(meant ? 20 : 0);
        }
        long calls = ports.stream()
                .mapToLong(port -> port.counters().get(PortCounter.RX_CALLS))
                .sum();
        assertThat(calls).isBetween(1L, 4L); // 8, 16, 32 and 64 messages
        Ends.send(peer, local, vxlan(40), FRAME);
        assertThat(underlay.receive()).isEqualTo(1);
        assertThat(wakes[40]).isEqualTo(2);
    }

    @Test
    void whatAllPortsSendInACycleIsOneCall() throws Exception {
        List<Port> ports = new ArrayList<>();
        for (int vni = 0; vni < 20; vni++) {
            ports.add(ends.unserved(underlay, new Encapsulation.Vxlan(vni), peerAt));
        }
        int[] wakes = new int[1];
        underlay.waiter(() -> wakes[0]++);
        for (Port port : ports) {
            ends.enqueue(port, null, FRAME);
            assertThat(port.queues().get(0).flush()).isZero();
        }
        assertThat(wakes[0]).isEqualTo(1);
        assertThat(underlay.pending()).isTrue();
        assertThat(underlay.flush()).isEqualTo(20);
        assertThat(underlay.pending()).isFalse();
        assertThat(ports.stream().mapToLong(port -> port.counters().sent())).allMatch(sent -> sent == 1);
        long calls = ports.stream()
                .mapToLong(port -> port.counters().get(PortCounter.TX_CALLS))
                .sum();
        assertThat(calls).isEqualTo(1);
        assertThat(ports.get(0).counters().get(PortCounter.TX_GSO)).isEqualTo(1);
    }

    @Test
    void aPortThatNobodyPollsTakesNoFramesFromTheOthers() throws Exception {
        Port polled = ends.port(underlay, new Encapsulation.Vxlan(1), peerAt);
        Port silent = ends.unserved(underlay, new Encapsulation.Vxlan(2), peerAt);
        for (int i = 0; i < 50; i++) {
            Ends.send(peer, local, vxlan(2), FRAME);
        }
        Ends.send(peer, local, vxlan(1), FRAME);
        assertThat(ends.receive(polled, 1)).containsExactly(FRAME);
        assertThat(silent.counters().get(PortCounter.RX_DROP_FULL)).isEqualTo(50);
        assertThat(silent.counters().received()).isEqualTo(50);
        silent.queues().get(0).waiter(() -> {});
        Ends.send(peer, local, vxlan(2), FRAME);
        ends.poll(polled);
        assertThat(underlay.waiting()).isEqualTo(1);
        silent.queues().get(0).waiter(null);
        assertThat(underlay.waiting()).isZero();
        assertThat(silent.counters().get(PortCounter.RX_DROP_FULL)).isEqualTo(51);
    }

    @Test
    void aTunnelThatIsAloneLeavesWhatItCantTakeWithTheKernel() throws Exception {
        Port port = ends.port(underlay, new Encapsulation.Vxlan(1), peerAt);
        for (int i = 0; i < 900; i++) {
            Ends.send(peer, local, vxlan(1), FRAME);
        }
        int received = 0;
        while (underlay.receive() > 0) {
            received = underlay.waiting();
        }
        assertThat(received).isBetween(256, 899);
        assertThat(port.counters().received()).isZero();
        assertThat(ends.receive(port, 900)).hasSize(900);
        assertThat(port.counters().dropped()).isZero();
    }

    @Test
    void aTunnelThatStandsStillLosesWhatExceedsItsShare() throws Exception {
        Port polled = ends.port(underlay, new Encapsulation.Vxlan(1), peerAt);
        Port slow = ends.port(underlay, new Encapsulation.Vxlan(2), peerAt);
        for (int i = 0; i < 1_100; i++) {
            Ends.send(peer, local, vxlan(2), FRAME);
            ends.poll(polled);
        }
        assertThat(slow.counters().get(PortCounter.RX_DROP_FULL)).isPositive();
        int free = ends.pool.freeFrames();
        slow.queues().get(0).close();
        assertThat(slow.counters().get(PortCounter.RX_DROP_CLOSED)).isPositive();
        assertThat(slow.counters().received())
                .isEqualTo(slow.counters().dropped())
                .isEqualTo(1_100);
        assertThat(ends.pool.freeFrames())
                .isEqualTo(free + (int) slow.counters().get(PortCounter.RX_DROP_CLOSED));
    }

    @Test
    void howeverManyTunnelsStandStillThereIsRoomForTheOthers() throws Exception {
        List<Port> ports = new ArrayList<>();
        for (int vni = 0; vni < 9; vni++) {
            ports.add(ends.port(underlay, new Encapsulation.Vxlan(vni), peerAt));
        }
        Port moving = ports.get(0);
        for (int i = 0; i < 1_024; i++) {
            for (int vni = 1; vni < 9; vni++) {
                Ends.send(peer, local, vxlan(vni), FRAME);
            }
            ends.poll(moving);
        }
        assertThat(underlay.waiting()).isBetween(3_000, 4_000);
        for (int i = 0; i < 100; i++) {
            Ends.send(peer, local, vxlan(0), FRAME);
        }
        assertThat(ends.receive(moving, 100)).hasSize(100);
        assertThat(moving.counters().dropped()).isZero();
        Port standing = ports.get(4);
        long kept = 1_024 - standing.counters().get(PortCounter.RX_DROP_FULL);
        assertThat(kept).isPositive();
        assertThat(ends.receive(standing, (int) kept)).hasSize((int) kept);
        assertThat(standing.counters().received()).isEqualTo(1_024);
    }

    @Test
    void theLastTunnelClosesTheSocketAndEveryFrameIsFree() throws Exception {
        Port one = ends.port(underlay, new Encapsulation.Vxlan(1), peerAt);
        Port two = ends.port(underlay, new Encapsulation.Vxlan(2), peerAt);
        Ends.send(peer, local, vxlan(2), FRAME);
        ends.poll(one);
        ends.enqueue(one, null, FRAME, FRAME);
        ends.enqueue(two, null, FRAME, FRAME, FRAME);
        one.queues().get(0).close();
        one.queues().get(0).close();
        assertThat(one.counters().get(PortCounter.TX_DROP_CLOSED)).isEqualTo(2);
        assertThat(underlay.fd().isClosed()).isFalse();
        two.queues().get(0).flush();
        two.queues().get(0).flush();
        assertThat(two.counters().sent()).isEqualTo(3);
        assertThat(one.counters().sent()).isZero();
        two.queues().get(0).close();
        assertThat(underlay.fd().isClosed()).isTrue();
        assertThat(underlay.size()).isZero();
        assertThat(ends.pool.freeFrames()).isEqualTo(Ends.FRAMES + Ends.LARGE);
    }

    @Test
    void whatDoesNotFitTheSocketIsRefusedAndChangesNothing() throws Exception {
        Encapsulation vxlan = new Encapsulation.Vxlan(1);
        ends.port(underlay, vxlan, peerAt);
        byte[] loopback = new byte[16];
        loopback[15] = 1;
        Endpoint ipv6 = new Endpoint(InetAddress.getByAddress(loopback), 4789);
        refuse(() -> ends.port(underlay, vxlan, peerAt), "there is a tunnel to " + peerAt);
        refuse(() -> ends.port(underlay, new Encapsulation.Geneve(1), peerAt), "a GENEVE tunnel on a socket for VXLAN");
        refuse(() -> ends.port(underlay, vxlan, ipv6), "peer [0:0:0:0:0:0:0:1]:4789 is of the other IP version");
        refuse(() -> ends.port(underlay, vxlan, Ends.at(2, 0)), "peer 127.0.0.2:0: a UDP port is missing");
        assertThat(underlay.size()).isEqualTo(1);
        Fd memory = Pools.memory(4096);
        assertThatThrownBy(() -> Underlay.of(memory, Protocol.VXLAN, Underlay.Settings.DEFAULT, ends.pool))
                .hasMessageStartingWith("getsockopt(SO_DOMAIN): ENOTSOCK");
        assertThat(memory.isClosed()).isTrue();
    }

    private static void refuse(org.assertj.core.api.ThrowableAssert.ThrowingCallable open, String message) {
        assertThatThrownBy(open).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
    }

    @Test
    void aWrongCookieIsCountedWhereTheTunnelIsKnown() throws Exception {
        Underlay l2tp = ends.underlay(Protocol.L2TPV3_UDP, Ends.at(1, 0), Underlay.Settings.DEFAULT);
        Endpoint at = Ends.at(1, Ends.portOf(l2tp.fd()));
        Encapsulation.Cookie cookie = new Encapsulation.Cookie(4, 7);
        Port port = ends.port(l2tp, new Encapsulation.L2tpv3(true, 5, 6, cookie, cookie, Counting.NONE, 0, 0), peerAt);
        Ends.send(peer, at, "00030000 00000005 00000008", FRAME);
        Ends.send(peer, at, "80030000 00000005 00000007", FRAME);
        Ends.send(peer, at, "00030000 00000005 00000007", new byte[13]);
        Ends.send(peer, at, "", new byte[0]);
        Ends.send(peer, at, "00030000 00000005 00000007", FRAME);
        assertThat(ends.receive(port, 1)).containsExactly(FRAME);
        assertThat(port.counters().get(PortCounter.RX_DROP_COOKIE)).isEqualTo(1);
        assertThat(port.counters().get(PortCounter.RX_DROP_MALFORMED)).isEqualTo(1);
        assertThat(port.counters().received()).isEqualTo(3);
        assertThat(l2tp.counters().get(PortCounter.RX_DROP_CONTROL)).isEqualTo(1);
        assertThat(l2tp.counters().get(PortCounter.RX_DROP_SHORT)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void thePortOfThePeerMattersIfTheSettingsSaySo(boolean matters) throws Exception {
        Underlay.Settings settings = new Underlay.Settings(matters, false, true);
        Underlay other = ends.underlay(Protocol.VXLAN, Ends.at(1, 0), settings);
        Endpoint at = Ends.at(1, Ends.portOf(other.fd()));
        Port port = ends.port(other, new Encapsulation.Vxlan(1), peerAt);
        Fd elsewhere = ends.socket(Ends.at(2, 0));
        Ends.send(elsewhere, at, vxlan(1), FRAME);
        assertThat(ends.poll(port)).hasSize(matters ? 0 : 1);
        assertThat(other.counters().get(PortCounter.RX_DROP_KEY)).isEqualTo(matters ? 1 : 0);
        if (matters) {
            Port second = ends.port(other, new Encapsulation.Vxlan(1), Ends.at(2, Ends.portOf(elsewhere)));
            Ends.send(elsewhere, at, vxlan(1), FRAME);
            assertThat(ends.receive(second, 1)).containsExactly(FRAME);
        }
    }

    @Test
    void aVanishedPeerIsCountedAndNotFatal() throws Exception {
        Fd socket = ends.socket(Ends.at(4, 0));
        Native.check(LabCalls.LIBC.connect(socket.number(), peerAt.sockaddr(), 16), "connect");
        Endpoint at = Ends.at(4, Ends.portOf(socket));
        Underlay connected = ends.keep(Underlay.of(socket, Protocol.VXLAN, Underlay.Settings.DEFAULT, ends.pool));
        Port port = ends.port(connected, new Encapsulation.Vxlan(1), peerAt);
        Ends.send(peer, at, vxlan(1), FRAME);
        assertThat(ends.receive(port, 1)).containsExactly(FRAME);
        peer.close();
        for (int i = 0; i < 5; i++) {
            ends.send(port, null, FRAME);
            ends.poll(port);
        }
        assertThat(connected.counters().get(PortCounter.TX_UNREACHABLE)).isPositive();
        assertThat(port.counters().sent() + port.counters().dropped()).isEqualTo(5 + 0L);
        assertThat(port.queued()).isZero();
    }

    @Test
    void everyReasonOfACodecHasACounter() {
        for (Drop drop : Drop.values()) {
            assertThat(Underlay.reason(drop.code()).name()).isEqualTo("RX_DROP_" + drop.name());
        }
    }

    @Test
    void everyPacketIsAccountedForBetweenTwoUnderlays() throws Exception {
        Underlay far = ends.underlay(Protocol.VXLAN, Ends.at(5, 0), Underlay.Settings.DEFAULT);
        Endpoint farAt = Ends.at(5, Ends.portOf(far.fd()));
        List<Port> here = new ArrayList<>();
        List<Port> there = new ArrayList<>();
        for (int vni = 0; vni < 8; vni++) {
            here.add(ends.port(underlay, new Encapsulation.Vxlan(vni), farAt));
            there.add(ends.port(far, new Encapsulation.Vxlan(vni), local));
        }
        Random random = new Random(4);
        Vector vector = new Vector();
        long offered = 0;
        for (int cycle = 0; cycle < 2_000; cycle++) {
            for (int i = random.nextInt(4); i > 0; i--, offered++) {
                int length = 60 + random.nextInt(random.nextInt(10) == 0 ? 2_000 : 400);
                ends.enqueue(here.get(random.nextInt(8)), null, Frames.of(0, cycle, length));
            }
            for (Port port : here) {
                port.queues().get(0).flush();
            }
            for (Port port : there) {
                PortQueue queue = port.queues().get(0);
                queue.poll(vector, 1 + random.nextInt(8));
                ends.pool.giveAll(vector);
            }
        }
        here.forEach(port -> port.queues().get(0).flush());
        Counters sums = new Counters();
        here.forEach(port -> sums.addAll(port.counters()));
        assertThat(sums.sent() + sums.dropped()).isEqualTo(offered);
        assertThat(sums.get(PortCounter.TX_DROP_TOO_LONG)).isPositive().isEqualTo(sums.dropped());
        for (int round = 0; round < 500; round++) {
            for (Port port : there) {
                port.queues().get(0).poll(vector, 256);
                ends.pool.giveAll(vector);
            }
        }
        Counters arrived = new Counters();
        there.forEach(port -> arrived.addAll(port.counters()));
        assertThat(arrived.received()).isEqualTo(sums.sent());
        assertThat(arrived.get(PortCounter.RX_BYTES)).isEqualTo(sums.get(PortCounter.TX_BYTES));
        assertThat(arrived.dropped() + far.counters().dropped()).isZero();
    }
}
