package io.sluice.worker.memory;

/**
 * Up to 256 packets on their way through the graph, as parallel arrays. A packet is {@code length[i]} bytes at
 * {@code offset[i]} of the frame pool. Whoever has the vector owns its frames.
 *
 * <p>The first packet of a vector warms the instruction cache and the rest profit, so each step handles a whole vector
 * before the next step runs.
 */
public final class Vector {
    /** Most packets in a vector. */
    public static final int CAPACITY = 256;

    /** The 10 bytes before the packet are a valid {@code virtio_net_hdr}. */
    public static final int VNET = 1;

    /** Where each packet begins in the pool, in bytes. */
    public final int[] offset = new int[CAPACITY];

    /** Bytes of each packet, without a vnet header. */
    public final int[] length = new int[CAPACITY];

    /** {@link #VNET} or 0. */
    public final int[] flags = new int[CAPACITY];

    /** How many packets there are. */
    public int count;

    /** Appends a packet. */
    public void add(int packetOffset, int packetLength, int packetFlags) {
        int i = count++;
        offset[i] = packetOffset;
        length[i] = packetLength;
        flags[i] = packetFlags;
    }

    /** Forgets the packets, whose frames have a new owner. */
    public void clear() {
        count = 0;
    }
}
