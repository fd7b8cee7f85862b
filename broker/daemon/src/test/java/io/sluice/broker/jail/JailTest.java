package io.sluice.broker.jail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.broker.net.Rtnetlink;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.Prefix;
import io.sluice.broker.policy.Program;
import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.sys.Sockets;
import io.sluice.broker.testbed.Caller;
import io.sluice.broker.testbed.Eventually;
import io.sluice.broker.testbed.Frames;
import io.sluice.broker.testbed.Held;
import io.sluice.broker.testbed.Loading;
import io.sluice.broker.testbed.RunningBroker;
import io.sluice.broker.testbed.TestCalls;
import io.sluice.compiler.bpf.Programs;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.v1.Counter;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.ReloadPolicy;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.grant.v1.ShowLease;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jailed leases of every kind, against a bridge, a route, and the frames that arrive there. */
@Tag("kernel")
class JailTest {
    private static final String MAC = "020000000110";
    private static final String OTHER = "020000000999";
    private static final String WIRE = "02000000aa01";
    private static final int MSG_DONTWAIT = 0x40;
    private static final int POOL = 1 << 20;
    private static final String POLICY = """
            version: 1
            tenants:
              root:
                identity: { uid: 0 }
                quota: { leases: 64, memory: 1GiB }
                grants:
                  lan: { kind: packet, buffer: 128KiB, unbounded: true, jail: { bridge: br0, mac: "02:00:00:00:01:10", ipv4: [10.1.0.10] } }
                  l2: { kind: packet, buffer: 128KiB, unbounded: true, jail: { bridge: br0, mac: "02:00:00:00:01:10" } }
                  tagged: { kind: packet, buffer: 128KiB, unbounded: true, jail: { bridge: br0, mac: "02:00:00:00:01:10", vlan: [100, 200] } }
                  fast: { kind: xdp, queues: [0-1], mode: native, jail: { bridge: br0, mac: "02:00:00:00:01:10" } }
                  guest: { kind: tap, queues: 2, jail: { bridge: br0, mac: "02:00:00:00:01:10", ipv4: [10.1.0.10] } }
                  plain: { kind: tap, offloads: false, jail: { bridge: br0, mac: "02:00:00:00:01:10" } }
                  tunnel: { kind: gre, jail: { gateway: 10.7.0.1, mac: "02:00:00:00:01:10", ipv4: [10.7.0.10] } }
                  dgram: { kind: udp, port: 4789, jail: { gateway: [10.7.0.1], mac: "02:00:00:00:01:10", ipv4: 10.7.0.10 } }
                  nowhere: { kind: packet, unbounded: true, jail: { bridge: br9, mac: "02:00:00:00:01:10" } }
            """;

    private static final Program DROP = Loading.program(Programs.drop());
    private static final Place.Jail BRIDGED =
            new Place.Jail("br0", List.of(), Prefix.of(HexFormat.of().parseHex(MAC)), List.of(), DROP, DROP, DROP);

    @TempDir
    Path directory;

    private RunningBroker broker;
    private Caller holder;
    private Caller admin;
    private Fd wire;
    private List<String> before;

    @BeforeEach
    void start() throws Exception {
        broker = new RunningBroker(directory, POLICY);
        broker.netns().ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
        broker.netns().ip("link", "set", "br0", "up");
        broker.netns().ip("link", "set", "dev0", "master", "br0");
        wire = broker.netns().call(() -> {
            Fd socket = Sockets.open(Sockets.AF_PACKET, Sockets.SOCK_RAW, 0, "wire");
            Sockets.bindPacket(socket, 3, BrokerCalls.LIBC.if_nametoindex("peer0"), "peer0");
            return socket;
        });
        admin = Caller.greeted(broker.adminSocket());
        holder = Caller.greeted(broker.socket());
        before = Held.descriptors();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable open : new ArrayList<AutoCloseable>(List.of(holder, admin, wire, broker))) {
            open.close();
        }
    }

    @Test
    void legalFramesPassBothWaysAndEverythingElseIsCountedByItsReason() throws Exception {
        Lease lease = hold(0, "lan");
        assertThat(lease.getDevice().getName()).isEqualTo("eth0");
        assertThat(HexFormat.of().formatHex(lease.getDevice().getMac().toByteArray()))
                .isEqualTo(MAC);
        Fd socket = holder.fds().get(0);

        send(socket, ipv4(MAC, WIRE, "0a01000a"));
        awaitWire(1);
        send(socket, ipv4(OTHER, WIRE, "0a01000a"));
        send(socket, ipv4(MAC, WIRE, "0a01000b"));
        send(socket, frame(MAC, WIRE, "b588", 60));
        send(wire, ipv4(WIRE, MAC, "0a0100ff"));
        Eventually.holds("the frame to the tenant", () -> Frames.take(socket) == 1);
        send(wire, ipv4(WIRE, OTHER, "0a0100ff")); // the bridge floods what it has not learned
        Eventually.holds("its drop", () -> counters(lease).containsKey("to_tenant_drop_not_for_tenant"));
        assertThat(Frames.take(socket)).isZero();
        assertThat(Frames.take(wire)).isZero();
        assertThat(counters(lease))
                .containsEntry("from_tenant_packets", 1L)
                .containsEntry("from_tenant_drop_mac", 1L)
                .containsEntry("from_tenant_drop_ipv4", 1L)
                .containsEntry("from_tenant_drop_ethertype", 1L)
                .containsEntry("to_tenant_packets", 1L)
                .containsEntry("to_tenant_drop_not_for_tenant", 1L);
    }

    @Test
    void aVlanThatIsNotTheTenantsDoesNotPass() throws Exception {
        Lease lease = hold(0, "tagged");
        Fd socket = holder.fds().get(0);
        for (int vlan : new int[] {100, 200, 300}) {
            send(socket, frame(MAC, WIRE, "8100" + String.format("%04x", vlan) + "b588", 60));
        }
        send(socket, frame(MAC, WIRE, "b588", 60));
        awaitWire(2);
        assertThat(counters(lease)).containsEntry("from_tenant_drop_vlan", 2L);
    }

    /** The device in the jail is as quiet as a cable: what arrives is from the tenant or not at all. */
    @Test
    void theJailSaysNothingByItself() throws Exception {
        Lease lease = hold(0, "l2");
        send(wire, arp("0a01000a"));
        Eventually.holds("the request", () -> Frames.take(holder.fds().get(0)) == 1);
        assertThat(counters(lease)).containsEntry("from_tenant_packets", 0L);
        assertThat(Frames.take(wire)).isZero();
    }

    @Test
    void theHolderOfASocketReachesNoOtherDevice() throws Exception {
        hold(0, "l2");
        Fd socket = holder.fds().get(0);
        int reached = 0;
        for (int ifindex = 1; ifindex < 200; ifindex++) {
            ByteBuffer address =
                    Native.allocate(20).putShort(0, (short) Sockets.AF_PACKET).putInt(4, ifindex);
            reached += BrokerCalls.LIBC.bind(socket.number(), address, 20) == 0 ? 1 : 0;
        }
        assertThat(reached).as("fanout pins the binding").isZero();
        assertThat(broker.netns().ip("-br", "link")).contains("peer0").doesNotContain("eth0");
    }

    @Test
    void whatIsNotConfirmedIsShut() throws Exception {
        holder.acquired(Caller.acquire(0, "l2"));
        Fd socket = holder.fds().get(0);
        awaitForwarding();
        send(socket, frame(MAC, WIRE, "b588", 60));
        send(wire, frame(WIRE, MAC, "b588", 60));
        holder.call(Caller.confirm(holder.lastNonce()));
        send(socket, frame(MAC, WIRE, "b589", 60));
        awaitWire(1);
        assertThat(Frames.take(socket)).isZero();
    }

    @Test
    void revocationEndsBothDirectionsForWhoeverHasTheSocketAndLeavesNothing() throws Exception {
        for (String grant : List.of("lan", "guest", "tunnel", "dgram", "fast")) {
            long pool = grant.equals("fast") ? POOL : 0;
            Lease lease = hold(pool, grant);
            List<Fd> copies = new ArrayList<>();
            for (Fd fd : holder.fds().subList(pool > 0 ? 1 : 0, holder.fds().size())) {
                copies.add(fd.duplicate());
            }
            assertThat(devices()).as(grant).hasSize(1);
            Reply reply = admin.call(
                    Request.newBuilder().setRevoke(Revoke.newBuilder().setLease(lease.getId())));
            assertThat(reply.hasRevoked()).isTrue();
            assertThat(devices()).as(grant).isEmpty();
            Frames.take(wire);
            if (!grant.equals("fast") && !grant.equals("dgram") && !grant.equals("tunnel")) {
                ByteBuffer frame = ipv4(MAC, WIRE, "0a01000a");
                for (Fd copy : copies) {
                    assertThat(BrokerCalls.LIBC.write(copy.number(), frame, frame.capacity()))
                            .as(grant)
                            .isEqualTo(-1);
                }
            }
            send(wire, ipv4(WIRE, MAC, "0a0100ff"));
            assertThat(Frames.take(wire)).isZero();
            for (Fd copy : copies) {
                assertThat(Frames.take(copy)).as(grant).isZero();
                copy.close();
            }
            holder.closeFds();
            holder.close();
            holder = Caller.greeted(broker.socket());
        }
        Held.nothingSince(before);
    }

    @Test
    void anXdpSocketWorksInAJailOnEveryQueue() throws Exception {
        Lease lease = hold(POOL, "fast");
        assertThat(lease.getXdp().getQueuesList()).hasSize(2);
        List<Fd> sockets = holder.fds().subList(1, 3);
        send(wire, frame(WIRE, MAC, "b588", 60));
        Eventually.holds("the frame", () -> Frames.directedTo(sockets.get(0)) + Frames.directedTo(sockets.get(1)) == 1);
    }

    @Test
    void aTapIsACableToTheBridgeWithTheSameRules() throws Exception {
        Lease lease = hold(0, "guest");
        assertThat(lease.getTap().getFdsList()).containsExactly(0, 1);
        assertThat(lease.getTap().getVnetHeader()).isEqualTo(10);
        Fd tap = holder.fds().get(1);
        writeTap(tap, 10, ipv4(MAC, WIRE, "0a01000a"));
        writeTap(tap, 10, ipv4(OTHER, WIRE, "0a01000a"));
        awaitWire(1);
        send(wire, ipv4(WIRE, MAC, "0a0100ff"));
        Eventually.holds("the frame", () -> readTap(holder.fds()) == 70);
        assertThat(counters(lease)).containsEntry("from_tenant_drop_mac", 1L);
        assertThat(broker.netns().ip("-br", "link")).doesNotContain("tap");
    }

    @Test
    void aPlainTapHasNoHeader() throws Exception {
        hold(0, "plain");
        writeTap(holder.fds().get(0), 0, frame(MAC, WIRE, "b588", 60));
        awaitWire(1);
        send(wire, frame(WIRE, MAC, "b588", 60));
        Eventually.holds("the frame", () -> readTap(holder.fds()) == 60);
    }

    @Test
    void aGreSocketReachesItsGatewayAndForgesNothing() throws Exception {
        Lease lease = hold(0, "tunnel");
        assertThat(lease.getIp().getProtocol()).isEqualTo(47);
        assertThat(lease.getIp().getLocal().toByteArray()).containsExactly(10, 7, 0, 10);
        Fd socket = holder.fds().get(0);
        Fd host = broker.netns().call(() -> Sockets.open(Sockets.AF_INET, Sockets.SOCK_RAW, 47, "host"));
        try (host) {
            ByteBuffer gre = ByteBuffer.allocateDirect(8).putInt(0, 0x6558);
            sendTo(socket, gre, "0a070001");
            Eventually.holds("the packet", () -> Frames.take(host) == 1);
            Native.check(
                    BrokerCalls.LIBC.setsockopt(
                            socket.number(), 0, 3, Native.allocate(4).putInt(0, 1), 4),
                    "IP_HDRINCL");
            ByteBuffer forged = bytes("45000018000100004011" + "0000" + "0a070063" + "0a070001" + "00000000");
            sendTo(socket, forged, "0a070001");
            Eventually.holds("its drop", () -> counters(lease).containsKey("from_tenant_drop_ipv4"));
            assertThat(Frames.take(host)).isZero();
            sendToFromHost(host, gre, "0a07000a");
            Eventually.holds("the answer", () -> Frames.take(socket) == 1);
        }
    }

    @Test
    void aUdpSocketIsBoundWhereThePolicySays() throws Exception {
        Lease lease = hold(0, "dgram");
        assertThat(lease.getIp().getPort()).isEqualTo(4789);
        Fd host = broker.netns().call(() -> Sockets.open(Sockets.AF_INET, Sockets.SOCK_DGRAM, 0, "host"));
        try (host) {
            sendToFromHost(host, ByteBuffer.allocateDirect(8), "0a07000a", 4789);
            Eventually.holds("the datagram", () -> Frames.take(holder.fds().get(0)) == 1);
        }
    }

    @Test
    void aBridgeThatIsNotThereIsSaid() throws Exception {
        Error error = holder.refused(Caller.acquire(0, "nowhere"));
        assertThat(error.getCode()).isEqualTo(Error.Code.NOT_FOUND);
        assertThat(error.getMessage()).contains("jail@br9");
        assertThat(devices()).isEmpty();
        Held.nothingSince(before);
    }

    @Test
    void aRestartedBrokerRemovesWhatAKilledOneLeftAndOnlyThat() throws Exception {
        broker.netns().ip("link", "add", "slumine", "type", "veth", "peer", "mine");
        broker.netns().call(() -> {
            try (Jails killed = new Jails("one");
                    Jails other = new Jails("two")) {
                killed.create(BRIDGED, 1, Jails.Inside.SOCKETS);
                Jail stays = other.create(BRIDGED, 1, Jails.Inside.SOCKETS);
                assertThat(devices()).hasSize(3);
                try (Jails restarted = new Jails("one")) {
                    assertThat(devices()).hasSize(2).contains("slumine");
                    assertThat(restarted).isNotNull();
                }
                stays.close();
                return null;
            }
        });
        assertThat(devices()).containsExactly("slumine");
    }

    @Test
    void hundredsOfCyclesLeaveNothing() throws Exception {
        for (int i = 0; i < 100; i++) {
            holder.hold(Caller.acquire(0, "l2", "guest"));
            holder.closeFds();
            holder.close();
            holder = Caller.greeted(broker.socket());
        }
        Eventually.holds("no device", () -> devices().isEmpty());
        Held.nothingSince(before);
    }

    @Test
    void aReloadEndsAllThatItNoLongerAllowsBeforeItsReply() throws Exception {
        holder.hold(Caller.acquire(0, "l2", "l2", "l2", "l2", "l2", "l2", "l2", "l2", "l2", "lan"));
        awaitForwarding();
        broker.policy(POLICY.replaceAll("(?m)^ *l2: .*$", ""));
        Reply reply = admin.call(Request.newBuilder().setReloadPolicy(ReloadPolicy.getDefaultInstance()));
        assertThat(reply.getPolicyReloaded().getEndedList()).hasSize(9);
        assertThat(devices()).hasSize(1);
        ByteBuffer frame = ipv4(MAC, WIRE, "0a01000a");
        Frames.take(wire);
        for (Fd ended : holder.fds().subList(0, 9)) {
            assertThat(BrokerCalls.LIBC.write(ended.number(), frame, frame.capacity()))
                    .isEqualTo(-1);
        }
        send(holder.fds().get(9), frame);
        awaitWire(1);
    }

    /** The first one's device, its route and its place in the quota are just going when the second one asks. */
    @Test
    void aClientThatComesBackAtOnceGetsTheSameAgain() throws Exception {
        broker.policy(POLICY.replace("leases: 64", "leases: 1"));
        broker.reload();
        broker.audited("policy_loaded");
        for (int i = 0; i < 20; i++) {
            holder.hold(Caller.acquire(0, i % 4 < 2 ? "tunnel" : "guest"));
            holder.closeFds();
            holder.close();
            holder = Caller.greeted(broker.socket());
        }
        Eventually.holds("no device", () -> devices().isEmpty());
    }

    /** Meanwhile others hold the lock (rtnl) that the kernel's own look at the carrier waits for. */
    @Test
    void whatIsSentRightAfterTheConfirmationArrives() throws Exception {
        int[] kernel = Arrays.stream(System.getProperty("os.version").split("[.-]", -1))
                .limit(2)
                .mapToInt(Integer::parseInt)
                .toArray();
        assumeTrue(kernel[0] * 100 + kernel[1] >= 608, "RTM_GETLINK calls linkwatch_sync_dev");
        Process others = broker.netns()
                .call(() -> new ProcessBuilder(
                                "sh", "-c", "while ip link add others type veth && ip link del others; do :; done")
                        .inheritIO()
                        .start());
        try {
            for (int i = 0; i < 50; i++) {
                holder.hold(Caller.acquire(0, "l2"));
                send(holder.fds().get(0), frame(MAC, WIRE, "b588", 60));
                awaitWire(1);
                holder.closeFds();
                holder.close();
                holder = Caller.greeted(broker.socket());
            }
        } finally {
            others.destroy();
            others.waitFor();
        }
    }

    @Test
    void whatAKilledBrokerHadJustEndedIsRemovedToo() throws Exception {
        broker.netns().call(() -> {
            try (Jails killed = new Jails("one");
                    Rtnetlink netlink = Rtnetlink.open()) {
                Jail jail = killed.create(BRIDGED, 1, Jails.Inside.SOCKETS);
                netlink.group(jail.ifindex(), killed.ended);
                new Jails("one").close();
                assertThat(netlink.exists(jail.ifindex())).isFalse();
                jail.close();
            }
            return null;
        });
    }

    @Test
    void showOfALeaseThatIsNotThereIsRefused() throws Exception {
        assertThat(admin.refused(Request.newBuilder()
                                .setShowLease(ShowLease.newBuilder().setLease(99)))
                        .getCode())
                .isEqualTo(Error.Code.NOT_FOUND);
        assertThatThrownBy(() -> counters(Lease.newBuilder().setId(99).build())).isInstanceOf(AssertionError.class);
    }

    // Shorthands

    private Lease hold(long pool, String grant) throws Exception {
        Lease lease = holder.hold(Caller.acquire(pool, grant)).getLeases(0);
        awaitForwarding();
        return lease;
    }

    /** A bridge serves a new port some milliseconds after its carrier is there. */
    private void awaitForwarding() throws Exception {
        Eventually.holds(
                "the bridge to forward",
                () -> broker.netns()
                        .ip("-d", "link", "show", "master", "br0")
                        .lines()
                        .filter(line -> line.contains("bridge_slave state"))
                        .allMatch(line -> line.contains("state forwarding")));
    }

    private Map<String, Long> counters(Lease lease) throws Exception {
        Reply reply = admin.call(
                Request.newBuilder().setShowLease(ShowLease.newBuilder().setLease(lease.getId())));
        assertThat(reply.hasLeaseInfo()).isTrue();
        return reply.getLeaseInfo().getCountersList().stream()
                .collect(Collectors.toMap(Counter::getName, Counter::getValue, (a, b) -> a, TreeMap::new));
    }

    private List<String> devices() throws Exception {
        return broker.netns()
                .ip("-br", "link")
                .lines()
                .map(line -> line.replaceAll("[@ ].*", ""))
                .filter(name -> name.startsWith("slu"))
                .toList();
    }

    private void awaitWire(int count) throws Exception {
        int[] seen = {0};
        Eventually.holds(count + " frames on the wire", () -> (seen[0] += Frames.take(wire)) >= count);
        assertThat(seen[0]).isEqualTo(count);
    }

    private static void send(Fd socket, ByteBuffer frame) throws Exception {
        ByteBuffer bytes = withVnetHeader(socket, frame);
        Native.check(TestCalls.LIBC.send(socket.number(), bytes, bytes.capacity(), 0), "send");
    }

    /** Our packet leases carry a virtio_net_hdr, the wire does not. */
    private static ByteBuffer withVnetHeader(Fd socket, ByteBuffer frame) throws Exception {
        boolean header = Sockets.get(socket, 263, 15, "PACKET_VNET_HDR") != 0;
        return header ? ByteBuffer.allocateDirect(10 + frame.capacity()).put(10, frame, 0, frame.capacity()) : frame;
    }

    private static void writeTap(Fd tap, int header, ByteBuffer frame) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocateDirect(header + frame.capacity()).put(header, frame, 0, frame.capacity());
        Native.check(BrokerCalls.LIBC.write(tap.number(), bytes, bytes.capacity()), "write(tap)");
    }

    private static long readTap(List<Fd> queues) {
        long length = 0;
        for (Fd queue : queues) {
            length = Math.max(length, BrokerCalls.LIBC.read(queue.number(), ByteBuffer.allocateDirect(2048), 2048));
        }
        return length;
    }

    private static void sendTo(Fd socket, ByteBuffer packet, String address) throws Exception {
        connect(socket, address, 0);
        Native.check(TestCalls.LIBC.send(socket.number(), packet, packet.capacity(), 0), "send");
    }

    private static void sendToFromHost(Fd socket, ByteBuffer packet, String address) throws Exception {
        sendToFromHost(socket, packet, address, 0);
    }

    private static void sendToFromHost(Fd socket, ByteBuffer packet, String address, int port) throws Exception {
        connect(socket, address, port);
        Native.check(TestCalls.LIBC.send(socket.number(), packet, packet.capacity(), MSG_DONTWAIT), "send");
    }

    private static void connect(Fd socket, String address, int port) throws Exception {
        ByteBuffer to = Native.allocate(16).putShort(0, (short) Sockets.AF_INET);
        to.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port).order(ByteOrder.nativeOrder());
        to.put(4, HexFormat.of().parseHex(address));
        Native.check(TestCalls.LIBC.connect(socket.number(), to, 16), "connect");
    }

    private static ByteBuffer bytes(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    }

    private static ByteBuffer frame(String from, String to, String rest, int length) {
        byte[] head = HexFormat.of().parseHex(to + from + rest);
        return ByteBuffer.allocateDirect(length).put(0, head);
    }

    private static ByteBuffer ipv4(String from, String to, String source) {
        ByteBuffer frame = frame(from, to, "0800" + "4500002e000000004011" + "0000" + source + "0a0100ff", 60);
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += frame.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >> 16);
        return frame.putShort(24, (short) ~(sum + (sum >> 16))); // bridges may check it (br_netfilter)
    }

    private static ByteBuffer arp(String who) {
        return frame(WIRE, "ffffffffffff", "0806" + "0001080006040001" + WIRE + "0a0100ff" + "000000000000" + who, 60);
    }
}
