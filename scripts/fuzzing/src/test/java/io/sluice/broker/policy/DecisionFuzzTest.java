package io.sluice.broker.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.compiler.yaml.PolicyException;
import io.sluice.compiler.yaml.PolicyLoader;
import io.sluice.fuzzing.Input;
import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import io.sluice.grant.v1.XdpRequest;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Any bytes as a request, by any peer: an answer, and what is allowed is within the grant. Checked field by field, as well
 * as by the code's own {@link Grant#excess}.
 */
class DecisionFuzzTest {
    private static final String POLICY = """
            version: 1
            tenants:
              blue:
                identity: { uid: 1001 }
                grants:
                  all: { kind: xdp, interface: eth1, queues: [0, 2-5, 4095], busy-poll: { budget: 64 } }
                  few: { kind: xdp, interface: eth1, queues: [7], mode: native, force-copy: true, rx-only: true,
                         rings: { rx: 64, tx: 64, fill: 128, completion: 1 } }
                  lan: { kind: packet, interface: eth2, unconfined: true, sockets: 4, ring-frames: 1024 }
                  dry: { kind: packet, interface: eth2, unconfined: true, offloads: false, promiscuous: true }
              green: { identity: { gid: 2001 }, grants: { lan: { kind: packet, interface: eth3, unconfined: true } } }
              white: { identity: { gid: 2002 }, grants: {} }
            """;
    private static final List<PeerCredentials> PEERS =
            List.of(peer(1001, 1001), peer(1, 2001), peer(1, 2002), peer(1, 2001, 2002), peer(1001, 2001), peer(0, 0));
    private static final int LONGEST = 8192;

    private final Policy policy;

    DecisionFuzzTest() throws PolicyException {
        policy = PolicyLoader.load("p.yaml", POLICY, (kind, name) -> OptionalInt.empty());
    }

    @FuzzTest
    void whatIsAllowedIsWithinTheGrant(byte[] bytes) {
        Input input = new Input(bytes);
        PeerCredentials peer = PEERS.get(input.u8() % PEERS.size());
        GrantRequest request;
        try {
            request = GrantRequest.parseFrom(input.rest());
        } catch (InvalidProtocolBufferException e) {
            return; // the connection ends here
        }
        Decision decision = Decision.decide(policy, peer, request);
        if (decision instanceof Decision.Allow allow) {
            check(peer, request, allow);
        } else if (decision instanceof Decision.Deny deny) {
            assertThat(deny.reason()).matches("[^\\p{C}\\p{Zl}\\p{Zp}]+").hasSizeLessThan(LONGEST);
            assertThat(deny.hint()).matches("[^\\p{C}\\p{Zl}\\p{Zp}]+").hasSizeLessThan(LONGEST);
        }
    }

    private void check(PeerCredentials peer, GrantRequest request, Decision.Allow allow) {
        Order order = allow.order();
        Grant grant = allow.tenant().grant(request.getGrant()).orElseThrow();
        assertThat(policy.tenantOf(peer)).contains(allow.tenant());
        assertThat(grant.excess(order)).isEmpty();
        assertThat(policy.allows(peer, allow.tenant().name(), order)).isTrue();
        assertThat(order.grant()).isEqualTo(grant.name());
        assertThat(order.memory()).isPositive();
        boolean within = order instanceof XdpOrder xdp
                ? within((XdpGrant) grant, request.getXdp(), xdp)
                : within((PacketGrant) grant, request.getPacket(), (PacketOrder) order);
        assertThat(within).as("%s of %s by %s", order, grant, request).isTrue();
    }

    private static boolean within(XdpGrant grant, XdpRequest wish, XdpOrder order) {
        Rings most = grant.rings();
        return grant.queues().containsAll(order.queues())
                && Set.copyOf(order.queues()).size() == order.queues().size()
                && (wish.getQueuesCount() == 0 || wish.getQueuesList().equals(order.queues()))
                && (grant.mode() == XdpMode.AUTO || grant.mode() == order.mode())
                && (order.forceCopy() || (!grant.forceCopy() && !wish.getForceCopy()))
                && (order.rxOnly() || (!grant.rxOnly() && !wish.getRxOnly()))
                && order.rxOnly() == (order.rings().tx() == 0)
                && isWithin(order.rings().rx(), most.rx())
                && (order.rxOnly() || isWithin(order.rings().tx(), most.tx()))
                && isWithin(order.rings().fill(), most.fill())
                && isWithin(order.rings().completion(), most.completion())
                && (order.chunkSize() == 2048 || order.chunkSize() == 4096)
                && order.headroom() >= 0
                && order.headroom() + 256 + 1518 <= order.chunkSize()
                && (order.busyPoll().isEmpty() || (order.busyPoll().equals(grant.busyPoll()) && !wish.getNoBusyPoll()));
    }

    private static boolean within(PacketGrant grant, PacketRequest wish, PacketOrder order) {
        return order.sockets() >= 1
                && order.sockets() <= grant.sockets()
                && order.fanout() == grant.fanout()
                && (!order.vnetHeader() || grant.offloads())
                && (!wish.hasVnetHeader() || wish.getVnetHeader() == order.vnetHeader())
                && order.promiscuous() == grant.promiscuous()
                && order.bufferBytes() == grant.bufferBytes()
                && order.ringFrames() == (wish.getRingFrames() == 0 ? grant.ringFrames() : wish.getRingFrames())
                && (order.ringFrames() == 0 || isWithin(order.ringFrames(), grant.ringFrames()));
    }

    private static boolean isWithin(int entries, int most) {
        return entries >= 1 && entries <= most && Integer.bitCount(entries) == 1;
    }

    private static PeerCredentials peer(int uid, Integer... groups) {
        return new PeerCredentials(1, uid, groups[0], Set.of(groups));
    }
}
