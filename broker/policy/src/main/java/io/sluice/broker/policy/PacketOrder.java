package io.sluice.broker.policy;

import java.util.List;
import java.util.stream.IntStream;

/**
 * AF_PACKET sockets to make.
 *
 * @param sockets how many; more than one are a fanout group
 * @param vnetHeader a virtio_net_hdr precedes each frame; not with rings
 * @param bufferBytes SO_RCVBUFFORCE and SO_SNDBUFFORCE of each socket
 * @param ringFrames entries of the receive and of the transmit ring of each socket; 0: no rings
 */
public record PacketOrder(
        String grant,
        Place place,
        int sockets,
        Fanout fanout,
        boolean vnetHeader,
        boolean promiscuous,
        int bufferBytes,
        int ringFrames,
        Program program)
        implements Order {
    /** Bytes of a ring's entry: a frame of 1518 bytes, its tpacket2_hdr and address fit. */
    public static final int RING_FRAME_BYTES = 2048;

    public PacketOrder {
        Require.name(grant);
        PacketGrant.check(sockets, bufferBytes, ringFrames);
        boolean clash = vnetHeader && ringFrames != 0;
        Require.that(!clash, "ring frames exclude the vnet header: a TPACKET_V2 ring has no place for it");
    }

    @Override
    public String kind() {
        return "packet";
    }

    @Override
    public List<Integer> queues() {
        return IntStream.range(0, sockets).boxed().toList();
    }

    /** Two rings and two buffers a socket; the kernel doubles what SO_RCVBUF and SO_SNDBUF say, and may fill that. */
    @Override
    public long memory() {
        return sockets * (2L * ringFrames * RING_FRAME_BYTES + 2 * 2L * bufferBytes);
    }
}
