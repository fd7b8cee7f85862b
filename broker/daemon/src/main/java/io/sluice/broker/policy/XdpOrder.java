package io.sluice.broker.policy;

import java.util.List;
import java.util.Optional;

/**
 * AF_XDP sockets to make, one a queue.
 *
 * @param queues ids, in the order asked for
 * @param rings of every socket; tx is 0 if and only if {@code rxOnly}
 * @param chunkSize bytes of a UMEM chunk, 2048 or 4096
 * @param headroom bytes of each chunk that the kernel leaves free before its own 256
 */
public record XdpOrder(
        String grant,
        String interfaceName,
        List<Integer> queues,
        XdpMode mode,
        boolean forceCopy,
        boolean rxOnly,
        Rings rings,
        int chunkSize,
        int headroom,
        Optional<BusyPoll> busyPoll)
        implements Order {
    /** Bytes that the kernel reserves in each chunk before a frame (XDP_PACKET_HEADROOM). */
    public static final int KERNEL_HEADROOM = 256;
    /** What a chunk has to hold: 1500 bytes of payload, the Ethernet header, one VLAN tag. Longer frames are dropped. */
    public static final int MIN_FRAME = 1518;

    public XdpOrder {
        queues = XdpGrant.checked(queues);
        Require.names(grant, interfaceName);
        Require.that(rxOnly == (rings.tx() == 0), "tx ring is " + rings.tx() + ", but rx-only is " + rxOnly);
        Require.ring("chunk size", chunkSize, 2048, 4096);
        Require.range("headroom", headroom, 0, maxHeadroom(chunkSize));
        Require.that(headroom % 8 == 0, "headroom is " + headroom + ", not a multiple of 8");
    }

    /** The most headroom, in bytes, that leaves a chunk room for {@link #MIN_FRAME}; a multiple of 8. */
    public static int maxHeadroom(int chunkSize) {
        return (chunkSize - KERNEL_HEADROOM - MIN_FRAME) / 8 * 8;
    }

    @Override
    public long memory() {
        return queues.size() * rings.bytes();
    }
}
