package io.sluice.broker.policy;

import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.PacketRing;
import java.util.List;
import java.util.stream.IntStream;

/**
 * AF_PACKET sockets to make.
 *
 * @param sockets how many; more than one are a fanout group
 * @param vnetHeader a virtio_net_hdr precedes each frame
 * @param bufferBytes SO_RCVBUFFORCE and SO_SNDBUFFORCE of each socket
 * @param ringFrames entries of the receive ring of each socket; 0: none
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
    /** Bytes of a ring's entry: a frame of up to 1972 bytes with its tpacket2_hdr, address and vnet header. */
    public static final int RING_FRAME_BYTES = 2048;

    /** Bytes of a ring's block, whole pages of any architecture. */
    public static final int RING_BLOCK_BYTES = 64 * 1024;

    /** Bytes of virtio_net_hdr before every frame of a socket with offloads. */
    public static final int VNET_HEADER_BYTES = 10;

    public PacketOrder {
        Require.name(grant);
        PacketGrant.check(sockets, bufferBytes, ringFrames);
    }

    @Override
    public String kind() {
        return "packet";
    }

    @Override
    public List<Integer> queues() {
        return IntStream.range(0, sockets).boxed().toList();
    }

    /** How many sockets beside them only send, through a ring: one each if small frames and superframes go different ways. */
    public int senders() {
        return vnetHeader && ringFrames > 0 ? sockets : 0;
    }

    /** Blocks of a socket's ring. */
    public int ringBlocks() {
        return Math.max(1, ringFrames * RING_FRAME_BYTES / RING_BLOCK_BYTES);
    }

    /** Entries of its ring: those that were asked for, in whole blocks. */
    public int ringEntries() {
        return ringBlocks() * (RING_BLOCK_BYTES / RING_FRAME_BYTES);
    }

    /** What the client is told that it got, with {@code firstFd} the index of the first socket in the reply. */
    public void describe(Lease.Builder lease, int firstFd) {
        PacketLease.Builder packet = lease.getPacketBuilder().setVnetHeader(vnetHeader ? VNET_HEADER_BYTES : 0);
        queues().forEach(i -> packet.addFds(firstFd + i));
        IntStream.range(0, senders()).forEach(i -> packet.addSendFds(firstFd + sockets + i));
        if (ringFrames > 0) {
            packet.setRing(PacketRing.newBuilder()
                    .setBlockSize(RING_BLOCK_BYTES)
                    .setBlockCount(ringBlocks())
                    .setFrameSize(RING_FRAME_BYTES)
                    .setFrameCount(ringEntries()));
        }
    }

    /** A ring a socket, and a buffer each way; the kernel doubles what SO_RCVBUF and SO_SNDBUF say, and may fill that. */
    @Override
    public long memory() {
        long ring = (long) ringFrames * RING_FRAME_BYTES;
        return sockets * (ring + 2 * 2L * bufferBytes) + senders() * (ring + 2L * bufferBytes);
    }
}
