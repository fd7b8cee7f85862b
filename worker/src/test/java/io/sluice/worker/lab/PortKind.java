package io.sluice.worker.lab;

/** Every kind of port that there is, in the shapes that make a difference. */
public enum PortKind {
    PACKET(1, 0),
    PACKET_THREE_SOCKETS(3, 0),
    PACKET_OFFLOADS(1, 10),
    PACKET_OFFLOADS_TWO_SOCKETS(2, 10),
    PACKET_RINGS(1, 0),
    PACKET_RINGS_TWO_SOCKETS(2, 0),
    XDP_NATIVE(1, false, false),
    XDP_NATIVE_BUSY_POLL(1, false, true),
    XDP_NATIVE_TWO_QUEUES(2, false, false),
    XDP_SKB(1, true, false),
    XDP_SKB_TWO_QUEUES_BUSY_POLL(2, true, true);

    private final int queues;
    private final int vnet;
    private final boolean xdp;
    private final boolean skb;
    private final boolean busyPoll;

    PortKind(int queues, int vnet) {
        this(queues, vnet, false, false, false);
    }

    PortKind(int queues, boolean skb, boolean busyPoll) {
        this(queues, 0, true, skb, busyPoll);
    }

    PortKind(int queues, int vnet, boolean xdp, boolean skb, boolean busyPoll) {
        this.queues = queues;
        this.vnet = vnet;
        this.xdp = xdp;
        this.skb = skb;
        this.busyPoll = busyPoll;
    }

    /** Sockets. */
    public int queues() {
        return queues;
    }

    /** Bytes of virtio_net_hdr. */
    public int vnet() {
        return vnet;
    }

    /** Frames of each TPACKET_V2 ring; 0: none. */
    public int ringFrames() {
        return this == PACKET_RINGS || this == PACKET_RINGS_TWO_SOCKETS ? 512 : 0;
    }

    /** Whether superframes and partial checksums pass whole. */
    public boolean offloads() {
        return vnet > 0;
    }

    /** AF_XDP, else AF_PACKET. */
    public boolean isXdp() {
        return xdp;
    }

    /** Whether the kernel spreads flows over the queues. On a veth without GRO all that skb mode sees is of queue 0. */
    public boolean spreads() {
        return !skb;
    }

    boolean skb() {
        return skb;
    }

    boolean busyPoll() {
        return busyPoll;
    }
}
