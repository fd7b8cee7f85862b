package io.sluice.broker.policy;

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
 * @param ringFrames most entries of each TPACKET_V2 ring; 0: no rings
 */
public record PacketGrant(
        String name,
        String interfaceName,
        int sockets,
        Fanout fanout,
        boolean offloads,
        boolean promiscuous,
        int bufferBytes,
        int ringFrames)
        implements Grant {
    /** Most sockets of a grant. */
    public static final int MAX_SOCKETS = 32;
    /** Smallest buffer, in bytes: a superframe with its skb has to fit. */
    public static final int MIN_BUFFER = 128 << 10;
    /** Largest buffer, in bytes. */
    public static final int MAX_BUFFER = 256 << 20;
    /** Fewest entries of a ring that there is: enough to fill a page, of 64 KiB too. */
    public static final int MIN_RING_FRAMES = 32;
    /** Most entries of a ring. */
    public static final int MAX_RING_FRAMES = 65_536;
    /** The buffer of a grant whose policy says nothing, in bytes. */
    static final int DEFAULT_BUFFER = 4 << 20;

    public PacketGrant {
        Require.names(name, interfaceName);
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
    public Optional<String> excess(Order any) {
        if (!(any instanceof PacketOrder order)) {
            return Optional.of("it is an order of another kind");
        }
        return new Excess()
                .same("name", order.grant(), name)
                .same("interface", order.interfaceName(), interfaceName)
                .atMost("sockets", order.sockets(), sockets)
                .same("fanout", order.fanout(), fanout)
                .check(!order.vnetHeader() || offloads, "vnet header", order.vnetHeader(), offloads)
                .check(!order.promiscuous() || promiscuous, "promiscuous", order.promiscuous(), promiscuous)
                .atMost("buffer", order.bufferBytes(), bufferBytes)
                .atMost("ring frames", order.ringFrames(), ringFrames)
                .found();
    }

    static void check(int sockets, int bufferBytes, int ringFrames) {
        Require.range("sockets", sockets, 1, MAX_SOCKETS);
        Require.range("buffer", bufferBytes, MIN_BUFFER, MAX_BUFFER);
        if (ringFrames != 0) {
            Require.ring("ring frames", ringFrames, MIN_RING_FRAMES, MAX_RING_FRAMES);
        }
    }
}
