package io.sluice.broker.policy;

import static io.sluice.broker.policy.AnyProgram.PROGRAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random grants, random requests: an order never has more than its grant. Checked here field by field, not by the code. */
class NeverWidenedTest {
    private static final int ROUNDS = 200_000;
    private static final long SEED = 20_260_101L;
    private static final PeerCredentials PEER = new PeerCredentials(1, 1001, 1001, Set.of(1001));

    private final Random random = new Random(SEED);
    private int allowed;

    @Test
    void anXdpOrderIsNeverMoreThanItsGrant() {
        for (int i = 0; i < ROUNDS; i++) {
            XdpGrant grant = xdpGrant();
            XdpRequest wish = xdpRequest();
            if (decide(grant, GrantRequest.newBuilder().setXdp(wish)) instanceof Decision.Allow allow) {
                check(grant, wish, (XdpOrder) allow.order());
            }
        }
        assertThat(allowed).as("allowed of " + ROUNDS).isBetween(ROUNDS / 100, ROUNDS * 99 / 100);
    }

    @Test
    void aPacketOrderIsNeverMoreThanItsGrant() {
        for (int i = 0; i < ROUNDS; i++) {
            PacketGrant grant = packetGrant();
            PacketRequest wish = packetRequest();
            if (decide(grant, GrantRequest.newBuilder().setPacket(wish)) instanceof Decision.Allow allow) {
                check(grant, wish, (PacketOrder) allow.order());
            }
        }
        assertThat(allowed).as("allowed of " + ROUNDS).isBetween(ROUNDS / 100, ROUNDS * 99 / 100);
    }

    private void check(XdpGrant grant, XdpRequest wish, XdpOrder order) {
        String values = grant + " " + wish + " " + order;
        boolean within = order.grant().equals(grant.name())
                && order.place().equals(grant.place())
                && grant.queues().containsAll(order.queues())
                && Set.copyOf(order.queues()).size() == order.queues().size()
                && (grant.mode() == XdpMode.AUTO || grant.mode() == order.mode())
                && (order.forceCopy() || !grant.forceCopy())
                && (order.rxOnly() || !grant.rxOnly())
                && (!order.rxOnly() || order.rings().tx() == 0)
                && order.rings().rx() <= grant.rings().rx()
                && order.rings().tx() <= grant.rings().tx()
                && order.rings().fill() <= grant.rings().fill()
                && order.rings().completion() <= grant.rings().completion()
                && order.headroom() + 256 + 1518 <= order.chunkSize()
                && (order.busyPoll().isEmpty() || order.busyPoll().equals(grant.busyPoll()))
                && order.memory() <= grant.queues().size() * grant.rings().bytes();
        boolean heard = (order.forceCopy() || !wish.getForceCopy())
                && (order.rxOnly() || !wish.getRxOnly())
                && (order.busyPoll().isEmpty() || !wish.getNoBusyPoll())
                && (wish.getQueuesCount() == 0 || order.queues().equals(wish.getQueuesList()))
                && (wish.getRxRing() == 0 || order.rings().rx() == wish.getRxRing())
                && (wish.getTxRing() == 0 || order.rings().tx() == wish.getTxRing());
        assertThat(within && heard).as(values).isTrue();
        allowed++;
    }

    private void check(PacketGrant grant, PacketRequest wish, PacketOrder order) {
        String values = grant + " " + wish + " " + order;
        boolean within = order.grant().equals(grant.name())
                && order.place().equals(grant.place())
                && order.sockets() <= grant.sockets()
                && order.fanout() == grant.fanout()
                && (!order.vnetHeader() || grant.offloads())
                && (!order.promiscuous() || grant.promiscuous())
                && order.bufferBytes() <= grant.bufferBytes()
                && order.ringFrames() <= grant.ringFrames();
        boolean heard = order.ringFrames() == (wish.getRingFrames() == 0 ? grant.ringFrames() : wish.getRingFrames())
                && (wish.getSockets() == 0 || order.sockets() == wish.getSockets())
                && (!wish.hasVnetHeader() || order.vnetHeader() == wish.getVnetHeader());
        assertThat(within && heard).as(values).isTrue();
        allowed++;
    }

    private Decision decide(Grant grant, GrantRequest.Builder request) {
        Tenant tenant = new Tenant("t", new Identity(Identity.Kind.UID, 1001), Quota.DEFAULT, 0, List.of(grant));
        Policy policy = new Policy("p", "", List.of(new Identity(Identity.Kind.UID, 0)), List.of(tenant));
        return Decision.decide(policy, PEER, request.setGrant("g").build());
    }

    private XdpGrant xdpGrant() {
        List<Integer> queues = new ArrayList<>(List.of(0, 1, 2, 3, 4095));
        Collections.shuffle(queues, random);
        return new XdpGrant(
                "g",
                new Place.Host("eth0"),
                queues.subList(0, 1 + random.nextInt(5)),
                any(XdpMode.AUTO, XdpMode.NATIVE, XdpMode.SKB),
                random.nextInt(4) == 0,
                random.nextInt(4) == 0,
                new Rings(ring(), ring(), ring(), ring()),
                random.nextBoolean() ? Optional.of(BusyPoll.DEFAULT) : Optional.empty(),
                PROGRAM);
    }

    private XdpRequest xdpRequest() {
        XdpRequest.Builder wish = XdpRequest.newBuilder();
        for (int left = Math.max(0, random.nextInt(5) - 2); left > 0; left--) {
            wish.addQueues(random.nextInt(5) == 0 ? number() : random.nextInt(4));
        }
        return wish.setModeValue(random.nextInt(10) == 0 ? random.nextInt(5) : 0)
                .setForceCopy(random.nextBoolean())
                .setRxOnly(random.nextInt(4) == 0)
                .setRxRing(wish())
                .setTxRing(wish())
                .setFillRing(wish())
                .setCompletionRing(wish())
                .setChunkSize(random.nextInt(4) == 0 ? number() : 2048 << random.nextInt(2))
                .setHeadroom(random.nextInt(4) == 0 ? number() : 8 * random.nextInt(40))
                .setNoBusyPoll(random.nextBoolean())
                .build();
    }

    private PacketGrant packetGrant() {
        return new PacketGrant(
                "g",
                new Place.Host("eth0"),
                1 + random.nextInt(32),
                any(Fanout.HASH, Fanout.LB, Fanout.CPU, Fanout.QM),
                random.nextBoolean(),
                random.nextBoolean(),
                (128 << 10) << random.nextInt(12),
                random.nextInt(3) == 0 ? 0 : 32 << random.nextInt(12),
                PROGRAM);
    }

    private PacketRequest packetRequest() {
        PacketRequest.Builder wish = PacketRequest.newBuilder()
                .setSockets(random.nextInt(4) == 0 ? number() : random.nextInt(33))
                .setRingFrames(wish());
        return random.nextBoolean()
                ? wish.build()
                : wish.setVnetHeader(random.nextBoolean()).build();
    }

    @SafeVarargs
    private final <T> T any(T... values) {
        return values[random.nextInt(values.length)];
    }

    private int ring() {
        return 1 << random.nextInt(17);
    }

    /** Mostly 0 or a power of two, of any size; at times anything. */
    private int wish() {
        return switch (random.nextInt(8)) {
            case 0 -> number();
            case 1, 2 -> 1 << random.nextInt(32);
            default -> 0;
        };
    }

    private int number() {
        return random.nextInt() >>> random.nextInt(32);
    }
}
