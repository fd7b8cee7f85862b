package io.sluice.broker.policy;

import static io.sluice.broker.policy.AnyProgram.PROGRAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DecisionTest {
    private static final String NO_ORDER = "Change the request; docs/policy.md lists what each field may be.";
    private static final String TOO_MUCH = "Ask for less, or leave the field out to take what the grant has.";

    private static final XdpGrant UPLINK = new XdpGrant(
            "uplink",
            new Place.Host("eth1"),
            List.of(0, 2, 3),
            XdpMode.AUTO,
            false,
            false,
            new Rings(1024, 512, 2048, 256),
            Optional.of(BusyPoll.DEFAULT),
            PROGRAM);
    private static final XdpGrant NARROW = new XdpGrant(
            "narrow",
            new Place.Host("eth2"),
            List.of(1),
            XdpMode.SKB,
            true,
            true,
            Rings.DEFAULT,
            Optional.empty(),
            PROGRAM);
    private static final PacketGrant LAN =
            new PacketGrant("lan", new Place.Host("eth0"), 4, Fanout.CPU, true, true, 1 << 20, 1024, PROGRAM);
    private static final PacketGrant PLAIN =
            new PacketGrant("plain", new Place.Host("eth0"), 1, Fanout.HASH, false, false, 4 << 20, 0, PROGRAM);
    private static final Tenant BLUE = new Tenant(
            "blue", new Identity(Identity.Kind.UID, 1001), Quota.DEFAULT, 0, List.of(UPLINK, NARROW, LAN, PLAIN));
    private static final Tenant GREEN = new Tenant(
            "green",
            new Identity(Identity.Kind.UID, 1002),
            Quota.DEFAULT,
            0,
            List.of(new PacketGrant(
                    "secret", new Place.Host("eth9"), 1, Fanout.HASH, true, false, 4 << 20, 0, PROGRAM)));
    private static final Policy POLICY =
            new Policy("p.yaml", "", List.of(new Identity(Identity.Kind.UID, 0)), List.of(BLUE, GREEN));
    private static final PeerCredentials PEER = new PeerCredentials(1, 1001, 1001, Set.of(1001));

    @Test
    void anEmptyXdpRequestTakesTheGrantAsItIs() {
        XdpOrder whole = new XdpOrder(
                "uplink",
                new Place.Host("eth1"),
                List.of(0, 2, 3),
                XdpMode.AUTO,
                false,
                false,
                UPLINK.rings(),
                2048,
                0,
                Optional.of(BusyPoll.DEFAULT),
                PROGRAM);
        assertThat(allowed(named("uplink"))).isEqualTo(whole);
        assertThat(allowed(xdp("uplink", XdpRequest.newBuilder()))).isEqualTo(whole);
    }

    @Test
    void everyFieldOfAnXdpRequestNarrows() {
        Order order = allowed(xdp(
                "uplink",
                XdpRequest.newBuilder()
                        .addQueues(3)
                        .addQueues(0)
                        .setMode(io.sluice.grant.v1.XdpMode.XDP_MODE_NATIVE)
                        .setForceCopy(true)
                        .setRxRing(64)
                        .setTxRing(128)
                        .setFillRing(256)
                        .setCompletionRing(1)
                        .setChunkSize(4096)
                        .setHeadroom(2320)
                        .setNoBusyPoll(true)));
        assertThat(order)
                .isEqualTo(new XdpOrder(
                        "uplink",
                        new Place.Host("eth1"),
                        List.of(3, 0),
                        XdpMode.NATIVE,
                        true,
                        false,
                        new Rings(64, 128, 256, 1),
                        4096,
                        2320,
                        Optional.empty(),
                        PROGRAM));
    }

    @Test
    void rxOnlyLeavesTheTxRingOut() {
        XdpOrder asked =
                (XdpOrder) allowed(xdp("uplink", XdpRequest.newBuilder().setRxOnly(true)));
        assertThat(asked.rxOnly()).isTrue();
        assertThat(asked.rings()).isEqualTo(new Rings(1024, 0, 2048, 256));
        XdpOrder granted = (XdpOrder) allowed(named("narrow"));
        assertThat(granted.rxOnly()).isTrue();
        assertThat(granted.forceCopy()).isTrue();
        assertThat(granted.mode()).isEqualTo(XdpMode.SKB);
        assertThat(granted.rings().tx()).isZero();
    }

    @Test
    void anEmptyPacketRequestTakesTheGrantWithItsRings() {
        PacketOrder whole =
                new PacketOrder("lan", new Place.Host("eth0"), 4, Fanout.CPU, true, true, 1 << 20, 1024, PROGRAM);
        assertThat(allowed(named("lan"))).isEqualTo(whole);
        assertThat(allowed(packet("lan", PacketRequest.newBuilder()))).isEqualTo(whole);
    }

    @Test
    void everyFieldOfAPacketRequestNarrows() {
        assertThat(allowed(
                        packet("lan", PacketRequest.newBuilder().setSockets(2).setVnetHeader(false))))
                .isEqualTo(new PacketOrder(
                        "lan", new Place.Host("eth0"), 2, Fanout.CPU, false, true, 1 << 20, 1024, PROGRAM));
    }

    @Test
    void aSmallerRingLeavesTheVnetHeaderOn() {
        PacketOrder order =
                (PacketOrder) allowed(packet("lan", PacketRequest.newBuilder().setRingFrames(512)));
        assertThat(order.ringFrames()).isEqualTo(512);
        assertThat(order.vnetHeader()).isTrue();
    }

    static Stream<Arguments> invalid() {
        return Stream.of(
                arguments(
                        xdp("lan", XdpRequest.newBuilder()), "it is of kind packet, but the request narrows kind XDP"),
                arguments(
                        packet("uplink", PacketRequest.newBuilder()),
                        "it is of kind xdp, but the request narrows kind PACKET"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().addQueues(2).addQueues(2)),
                        "queues [2, 2] name one twice"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().addQueues(-1)),
                        "queue is 4294967295, not from 0 to 4095"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().addAllQueues(Collections.nCopies(5000, 0))),
                        "number of queues is 5000, not from 1 to 252"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setModeValue(9)), "mode is not one of AUTO, NATIVE, SKB"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setRxRing(100)),
                        "rx ring is 100, not a power of two from 1 to 262144"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setTxRing(-1)),
                        "tx ring is 4294967295, not a power of two from 1 to 262144"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setFillRing(1 << 31)),
                        "fill ring is 2147483648, not a power of two from 1 to 262144"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setCompletionRing(524_288)),
                        "completion ring is 524288, not a power of two from 1 to 262144"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setRxOnly(true).setTxRing(64)),
                        "tx ring is 64, but rx-only is true"),
                arguments(xdp("narrow", XdpRequest.newBuilder().setTxRing(64)), "tx ring is 64, but rx-only is true"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setChunkSize(1024)),
                        "chunk size is 1024, not a power of two from 2048 to 4096"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setChunkSize(3000)),
                        "chunk size is 3000, not a power of two from 2048 to 4096"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setHeadroom(280)), "headroom is 280, not from 0 to 272"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setHeadroom(-8)),
                        "headroom is 4294967288, not from 0 to 272"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setHeadroom(12)), "headroom is 12, not a multiple of 8"),
                arguments(packet("lan", PacketRequest.newBuilder().setSockets(33)), "sockets is 33, not from 1 to 32"),
                arguments(
                        packet("lan", PacketRequest.newBuilder().setSockets(-1)),
                        "sockets is 4294967295, not from 1 to 32"),
                arguments(
                        packet("lan", PacketRequest.newBuilder().setRingFrames(100)),
                        "ring frames is 100, not a power of two from 32 to 65536"));
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void whatIsNoOrderAtAllIsInvalid(GrantRequest request, String reason) {
        assertThat(decide(request))
                .isEqualTo(
                        new Decision.Deny(Error.Code.INVALID, "grant " + request.getGrant() + ": " + reason, NO_ORDER));
    }

    static Stream<Arguments> denied() {
        return Stream.of(
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().addQueues(0).addQueues(1)),
                        "queues is [0, 1], but the grant's is [0, 2, 3]"),
                arguments(
                        xdp("narrow", XdpRequest.newBuilder().setMode(io.sluice.grant.v1.XdpMode.XDP_MODE_NATIVE)),
                        "mode is NATIVE, but the grant's is SKB"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setRxRing(2048)),
                        "rx ring is 2048, but the grant's is at most 1024"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setTxRing(1024)),
                        "tx ring is 1024, but the grant's is at most 512"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setFillRing(4096)),
                        "fill ring is 4096, but the grant's is at most 2048"),
                arguments(
                        xdp("uplink", XdpRequest.newBuilder().setCompletionRing(512)),
                        "completion ring is 512, but the grant's is at most 256"),
                arguments(
                        packet("lan", PacketRequest.newBuilder().setSockets(5)),
                        "sockets is 5, but the grant's is at most 4"),
                arguments(
                        packet("lan", PacketRequest.newBuilder().setRingFrames(2048)),
                        "ring frames is 2048, but the grant's is at most 1024"),
                arguments(
                        packet("plain", PacketRequest.newBuilder().setRingFrames(32)),
                        "ring frames is 32, but the grant's is 0"),
                arguments(
                        packet("plain", PacketRequest.newBuilder().setVnetHeader(true)),
                        "vnet header is true, but the grant's is false"));
    }

    @ParameterizedTest
    @MethodSource("denied")
    void whatGoesBeyondTheGrantIsDenied(GrantRequest request, String reason) {
        assertThat(decide(request))
                .isEqualTo(
                        new Decision.Deny(Error.Code.DENIED, "grant " + request.getGrant() + ": " + reason, TOO_MUCH));
    }

    @Test
    void aGrantOfAnotherTenantDoesNotExist() {
        assertThat(decide(named("secret")))
                .isEqualTo(new Decision.Deny(
                        Error.Code.NOT_FOUND,
                        "tenant blue has no grant \"secret\"",
                        "Its grants are uplink, narrow, lan, plain."));
    }

    @Test
    void aMisspeltGrantIsShownSafely() {
        assertThat(decide(named("upilnk"))).extracting("reason").isEqualTo("tenant blue has no grant \"upilnk\"");
        assertThat(decide(named("\u001b[2J" + "x".repeat(5000))))
                .extracting("reason")
                .isEqualTo("tenant blue has no grant \"?[2J" + "x".repeat(36) + "...\"");
    }

    @Test
    void whoIsNoTenantIsDenied() {
        PeerCredentials stranger = new PeerCredentials(1, -2, 5, Set.of(5));
        assertThat(Decision.decide(POLICY, stranger, named("uplink")))
                .isEqualTo(new Decision.Deny(
                        Error.Code.DENIED,
                        "uid 4294967294 is no tenant of the policy, or its groups are those of several",
                        "Ask the operator to name this user in the policy."));
    }

    @Test
    void memoryIsWhatTheKernelAllocates() {
        // 16 * (1024 + 512) + 8 * (2048 + 256) + four pages, three times.
        assertThat(allowed(named("uplink")).memory()).isEqualTo(3 * (24_576 + 18_432 + 16_384));
        assertThat(allowed(xdp("uplink", XdpRequest.newBuilder().addQueues(0).setRxOnly(true)))
                        .memory())
                .isEqualTo(16_384 + 18_432 + 12_288);
        // Rings of 512 frames of 2048 bytes, and twice 1 MiB each way; the three that only send have it one way.
        assertThat(allowed(packet(
                                "lan", PacketRequest.newBuilder().setSockets(3).setRingFrames(512)))
                        .memory())
                .isEqualTo(3 * (2 * 512 * 2048 + 6 * (1L << 20)));
    }

    @Test
    void memoryOfTheLargestOrdersDoesNotOverflow() {
        assertThat(new PacketOrder("g", new Place.Host("e"), 32, Fanout.HASH, false, false, 256 << 20, 65_536, PROGRAM)
                        .memory())
                .isEqualTo(32L * (128L << 20) + 32L * (1L << 30));
        Rings rings = new Rings(262_144, 262_144, 262_144, 262_144);
        assertThat(rings.bytes()).isEqualTo(12 * (1L << 20) + 16_384);
    }

    @Test
    void afterAReloadAGrantSaysWhetherALeaseMayStay() {
        Order order = allowed(named("uplink"));
        assertThat(UPLINK.excess(order)).isEmpty();
        XdpGrant silenced = new XdpGrant(
                "uplink",
                new Place.Host("eth1"),
                List.of(0, 2, 3),
                XdpMode.AUTO,
                false,
                true,
                UPLINK.rings(),
                UPLINK.busyPoll(),
                PROGRAM);
        assertThat(silenced.excess(order)).contains("rx-only is false, but the grant's is true");
        assertThat(NARROW.excess(order)).contains("name is uplink, but the grant's is narrow");
        assertThat(LAN.excess(order)).contains("it is an order of another kind");
        assertThat(UPLINK.excess(allowed(named("lan")))).contains("it is an order of another kind");
        PacketGrant other =
                new PacketGrant("lan", new Place.Host("eth0"), 4, Fanout.HASH, true, true, 1 << 20, 1024, PROGRAM);
        assertThat(other.excess(allowed(named("lan")))).contains("fanout is CPU, but the grant's is HASH");
    }

    @Test
    void aReloadedPolicyAllowsAnOrderThatIsStillWithinItsGrant() {
        Order order = allowed(xdp("uplink", XdpRequest.newBuilder().addQueues(2)));
        XdpGrant fewer = new XdpGrant(
                "uplink",
                new Place.Host("eth1"),
                List.of(0, 3),
                XdpMode.AUTO,
                false,
                false,
                UPLINK.rings(),
                UPLINK.busyPoll(),
                PROGRAM);
        XdpGrant more = new XdpGrant(
                "uplink",
                new Place.Host("eth1"),
                List.of(2, 7),
                XdpMode.AUTO,
                false,
                false,
                Rings.DEFAULT,
                UPLINK.busyPoll(),
                PROGRAM);
        assertThat(reloaded("blue", UPLINK).allows(PEER, "blue", order)).isTrue();
        assertThat(reloaded("blue", more).allows(PEER, "blue", order)).isTrue();
        assertThat(reloaded("blue", fewer).allows(PEER, "blue", order)).isFalse();
        assertThat(reloaded("blue", LAN).allows(PEER, "blue", order)).isFalse();
        assertThat(reloaded("red", UPLINK).allows(PEER, "blue", order)).isFalse();
        PeerCredentials stranger = new PeerCredentials(1, 1002, 1001, Set.of(1001));
        assertThat(reloaded("blue", UPLINK).allows(stranger, "blue", order)).isFalse();
    }

    private static Policy reloaded(String tenant, Grant grant) {
        return new Policy(
                "p.yaml",
                "",
                POLICY.admins(),
                List.of(new Tenant(tenant, BLUE.identity(), Quota.DEFAULT, 0, List.of(grant))));
    }

    @Test
    void aGrantDescribesItselfToItsTenant() {
        assertThat(UPLINK.describe().toString())
                .isEqualTo("name: \"uplink\"\nkind: \"xdp\"\ninterface: \"eth1\"\nqueues: 0\nqueues: 2\nqueues: 3\n");
        assertThat(LAN.describe().getQueuesList()).containsExactly(0, 1, 2, 3);
        assertThat(LAN.describe().getKind()).isEqualTo("packet");
    }

    private static Decision decide(GrantRequest request) {
        return Decision.decide(POLICY, PEER, request);
    }

    private static Order allowed(GrantRequest request) {
        Decision decision = decide(request);
        assertThat(decision).isInstanceOf(Decision.Allow.class);
        assertThat(((Decision.Allow) decision).tenant()).isEqualTo(BLUE);
        return ((Decision.Allow) decision).order();
    }

    private static GrantRequest named(String grant) {
        return GrantRequest.newBuilder().setGrant(grant).build();
    }

    private static GrantRequest xdp(String grant, XdpRequest.Builder narrow) {
        return GrantRequest.newBuilder().setGrant(grant).setXdp(narrow).build();
    }

    private static GrantRequest packet(String grant, PacketRequest.Builder narrow) {
        return GrantRequest.newBuilder().setGrant(grant).setPacket(narrow).build();
    }
}
