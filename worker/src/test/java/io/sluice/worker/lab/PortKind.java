package io.sluice.worker.lab;

/** Every kind of port that there is, in the shapes that make a difference. */
public enum PortKind {
    PACKET(Family.PACKET, 1, 0),
    PACKET_THREE_SOCKETS(Family.PACKET, 3, 0),
    PACKET_OFFLOADS(Family.PACKET, 1, 10),
    PACKET_OFFLOADS_TWO_SOCKETS(Family.PACKET, 2, 10),
    PACKET_RINGS(Family.PACKET, 1, 0),
    PACKET_RINGS_TWO_SOCKETS(Family.PACKET, 2, 0),
    XDP_NATIVE(1, false, false),
    XDP_NATIVE_BUSY_POLL(1, false, true),
    XDP_NATIVE_TWO_QUEUES(2, false, false),
    XDP_SKB(1, true, false),
    XDP_SKB_TWO_QUEUES_BUSY_POLL(2, true, true),
    SEQPACKET(Family.MESSAGE, 1, 0),
    DATAGRAM(Family.MESSAGE, 1, 0),
    STREAM(Family.STREAM, 1, 0),
    TAP(Family.TAP, 1, 0),
    TAP_TWO_QUEUES(Family.TAP, 2, 0),
    TAP_OFFLOADS(Family.TAP, 1, 10),
    TAP_OFFLOADS_TWO_QUEUES(Family.TAP, 2, 10),
    HYBRID(Family.HYBRID, 1, 0),
    HYBRID_OFFLOADS(Family.HYBRID, 1, 10);

    /** What a port is made of. */
    enum Family {
        PACKET,
        XDP,
        MESSAGE,
        STREAM,
        TAP,
        HYBRID
    }

    private final Family family;
    private final int queues;
    private final int vnet;
    private final boolean skb;
    private final boolean busyPoll;

    PortKind(Family family, int queues, int vnet) {
        this(family, queues, vnet, false, false);
    }

    PortKind(int queues, boolean skb, boolean busyPoll) {
        this(Family.XDP, queues, 0, skb, busyPoll);
    }

    PortKind(Family family, int queues, int vnet, boolean skb, boolean busyPoll) {
        this.family = family;
        this.queues = queues;
        this.vnet = vnet;
        this.skb = skb;
        this.busyPoll = busyPoll;
    }

    Family family() {
        return family;
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

    /** AF_XDP. */
    public boolean isXdp() {
        return family == Family.XDP;
    }

    /** A tap device, which reads what the host sends on it. */
    public boolean isTap() {
        return family == Family.TAP || family == Family.HYBRID;
    }

    /** socket(2)'s type of a pair of sockets. */
    int socketType() {
        return this == SEQPACKET ? 5 : family == Family.STREAM ? 1 : 2;
    }

    /** Whether there is a network device behind it, not a socket's other end. */
    public boolean hasDevice() {
        return family != Family.MESSAGE && family != Family.STREAM;
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
