package io.sluice.broker.policy;

import io.sluice.grant.v1.XdpLease;
import io.sluice.grant.v1.XdpQueue;
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
        Place place,
        List<Integer> queues,
        XdpMode mode,
        boolean forceCopy,
        boolean rxOnly,
        Rings rings,
        int chunkSize,
        int headroom,
        Optional<BusyPoll> busyPoll,
        Program program)
        implements Order {
    /** Bytes of a chunk that are not headroom: the kernel's own (XDP_PACKET_HEADROOM), and a frame with a VLAN tag. */
    private static final int RESERVED = 256 + 1518;

    public XdpOrder {
        queues = XdpGrant.checked(queues);
        Require.name(grant);
        Require.that(rxOnly == (rings.tx() == 0), "tx ring is " + rings.tx() + ", but rx-only is " + rxOnly);
        Range.powersOfTwo(2048, 4096).check("chunk size", chunkSize);
        int most = (chunkSize - RESERVED) / 8 * 8;
        new Range(0, most).check("headroom", headroom);
        Require.that(headroom % 8 == 0, "headroom is " + headroom + ", not a multiple of 8");
    }

    /** Whether a chunk holds the frames of a device of this MTU, in bytes, tagged. */
    public boolean fits(int mtu) {
        return mtu <= chunkSize - headroom - RESERVED + 1500;
    }

    @Override
    public String kind() {
        return "xdp";
    }

    /**
     * What the client is told that it got.
     *
     * @param firstFd index of the first socket in the reply
     * @param mtu of the device
     * @param runs how the program is attached
     * @param zeroCopy whether each socket has it
     */
    public XdpLease describe(int firstFd, int mtu, XdpMode runs, List<Boolean> zeroCopy) {
        XdpLease.Builder xdp = XdpLease.newBuilder()
                .setMode(io.sluice.grant.v1.XdpMode.valueOf("XDP_MODE_" + runs))
                .setChunkSize(chunkSize)
                .setHeadroom(headroom)
                .setMultiBuffer(!fits(mtu))
                .setBusyPoll(busyPoll.isPresent());
        for (int i = 0; i < queues.size(); i++) {
            xdp.addQueues(XdpQueue.newBuilder()
                    .setQueue(queues.get(i))
                    .setFd(firstFd + i)
                    .setRxRing(rings.rx())
                    .setTxRing(rings.tx())
                    .setFillRing(rings.fill())
                    .setCompletionRing(rings.completion())
                    .setZeroCopy(zeroCopy.get(i)));
        }
        return xdp.build();
    }

    @Override
    public long memory() {
        return queues.size() * rings.bytes();
    }
}
