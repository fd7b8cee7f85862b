package io.sluice.broker.policy;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.PacketRequest;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * AF_PACKET sockets on a device, in one fanout group if there are several. Unconfined: their holder can re-bind them to
 * any device of the broker's network namespace, so the policy file has to say so.
 *
 * @param sockets most sockets of a lease
 * @param fanout how they share the traffic
 * @param offloads a virtio_net_hdr precedes each frame, so that superframes pass whole
 * @param promiscuous the device receives what is addressed to others
 * @param bufferBytes SO_RCVBUFFORCE and SO_SNDBUFFORCE of each socket; the kernel allows twice that
 * @param ringFrames most entries of the TPACKET_V2 receive ring, which every socket then has; 0: none
 * @param program the sockets' filter: what is received
 */
public record PacketGrant(
        String name,
        Place place,
        int sockets,
        Fanout fanout,
        boolean offloads,
        boolean promiscuous,
        int bufferBytes,
        int ringFrames,
        Program program)
        implements Grant {
    public static final Range SOCKETS = new Range(1, 32);
    public static final Range BUFFER = new Range(128 << 10, 256 << 20); // a superframe with its skb has to fit
    public static final Range RING = Range.powersOfTwo(32, 65_536); // the fewest fill a page, of 64 KiB too

    public PacketGrant {
        Require.name(name);
        check(sockets, bufferBytes, ringFrames);
    }

    @Override
    public String kind() {
        return "packet";
    }

    @Override
    public List<Integer> queues() {
        return IntStream.range(0, sockets).boxed().toList();
    }

    @Override
    public PacketOrder narrow(GrantRequest request) {
        PacketRequest wish = request.getPacket();
        int most = wish.getSockets() == 0 ? sockets : wish.getSockets();
        int frames = wish.getRingFrames() == 0 ? ringFrames : wish.getRingFrames();
        boolean header = wish.hasVnetHeader() ? wish.getVnetHeader() : offloads;
        return new PacketOrder(name, place, most, fanout, header, promiscuous, bufferBytes, frames, program);
    }

    @Override
    public Optional<String> excess(Order any) {
        if (!(any instanceof PacketOrder order)) {
            return Optional.of("it is an order of another kind");
        }
        return new Excess()
                .same("name", order.grant(), name)
                .same("device", order.place(), place)
                .atMost("sockets", order.sockets(), sockets)
                .same("fanout", order.fanout(), fanout)
                .check(!order.vnetHeader() || offloads, "vnet header", order.vnetHeader(), offloads)
                .check(!order.promiscuous() || promiscuous, "promiscuous", order.promiscuous(), promiscuous)
                .atMost("buffer", order.bufferBytes(), bufferBytes)
                .check((order.ringFrames() == 0) == (ringFrames == 0), "ring frames", order.ringFrames(), ringFrames)
                .atMost("ring frames", order.ringFrames(), ringFrames)
                .same("filter", order.program(), program)
                .found();
    }

    static void check(int sockets, int bufferBytes, int ringFrames) {
        SOCKETS.check("sockets", sockets);
        BUFFER.check("buffer", bufferBytes);
        if (ringFrames != 0) {
            RING.check("ring frames", ringFrames);
        }
    }
}
