package io.sluice.worker.lab;

import io.sluice.worker.codec.Counting;
import io.sluice.worker.codec.Encapsulation;
import java.util.Optional;
import java.util.OptionalInt;

/** Every kind of port that there is, in the shapes that make a difference. */
public enum PortKind {
    PACKET(Family.PACKET, 1, 0),
    PACKET_THREE_SOCKETS(Family.PACKET, 3, 0),
    PACKET_OFFLOADS(Family.PACKET, 1, 10),
    PACKET_OFFLOADS_TWO_SOCKETS(Family.PACKET, 2, 10),
    PACKET_RINGS(Family.PACKET, 1, 0),
    PACKET_RINGS_OFFLOADS(Family.PACKET, 1, 10),
    PACKET_RINGS_OFFLOADS_TWO_SOCKETS(Family.PACKET, 2, 10),
    XDP_NATIVE(1, false, false),
    XDP_NATIVE_BUSY_POLL(1, false, true),
    XDP_NATIVE_TWO_QUEUES(2, false, false),
    XDP_NATIVE_MULTI_BUFFER(1, false, false),
    XDP_SKB(1, true, false),
    XDP_SKB_TWO_QUEUES_BUSY_POLL(2, true, true),
    TUNNEL_VXLAN(false, "0800000000002a00"),
    TUNNEL_GENEVE_IPV6(true, "0000655800000700"),
    TUNNEL_GRE(false, "2000655855667788"),
    TUNNEL_GRE_IPV6(true, "2000655855667788"),
    TUNNEL_L2TPV3_IP(false, "556677880102030400000000"),
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
        TUNNEL,
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
    private final boolean ipv6;
    private final String header;

    /**
     * What the port of a tunnel speaks.
     *
     * @param header that of each packet, both ways, in hex: the wire knows no codec
     */
    public record Tunnel(Encapsulation encapsulation, boolean ipv6, String header) {}

    PortKind(Family family, int queues, int vnet) {
        this(family, queues, vnet, false, false);
    }

    PortKind(int queues, boolean skb, boolean busyPoll) {
        this(Family.XDP, queues, 0, skb, busyPoll);
    }

    PortKind(boolean ipv6, String header) {
        this(Family.TUNNEL, 1, 0, false, false, ipv6, header);
    }

    PortKind(Family family, int queues, int vnet, boolean skb, boolean busyPoll) {
        this(family, queues, vnet, skb, busyPoll, false, "");
    }

    PortKind(Family family, int queues, int vnet, boolean skb, boolean busyPoll, boolean ipv6, String header) {
        this.family = family;
        this.ipv6 = ipv6;
        this.header = header;
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

    /** Frames of the TPACKET_V2 receive ring; 0: none. */
    public int ringFrames() {
        return name().startsWith("PACKET_RINGS") ? 512 : 0;
    }

    /** Whether superframes and partial checksums pass whole. */
    public boolean offloads() {
        return vnet > 0;
    }

    /** AF_XDP. */
    public boolean isXdp() {
        return family == Family.XDP;
    }

    /** AF_XDP bound for frames longer than a chunk. */
    boolean multiBuffer() {
        return this == XDP_NATIVE_MULTI_BUFFER;
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

    /** Whether it is a tunnel, else on a device. */
    public boolean isTunnel() {
        return family == Family.TUNNEL;
    }

    /** What it speaks; only of a tunnel. */
    public Tunnel tunnel() {
        OptionalInt key = OptionalInt.of(0x55667788);
        Encapsulation.Cookie cookie = new Encapsulation.Cookie(4, 0x01020304);
        Encapsulation encapsulation = switch (this) {
            case TUNNEL_VXLAN -> new Encapsulation.Vxlan(42);
            case TUNNEL_GENEVE_IPV6 -> new Encapsulation.Geneve(7);
            case TUNNEL_L2TPV3_IP ->
                new Encapsulation.L2tpv3(false, 0x55667788, 0x55667788, cookie, cookie, Counting.PINNED, 0, 0);
            default -> new Encapsulation.Gre(key, key, Counting.NONE, 0, false, Optional.empty());
        };
        return new Tunnel(encapsulation, ipv6, header);
    }

    /** Whether frames of any length are received, as there are large frames for them. */
    public boolean takesLongFrames() {
        return offloads() || isTunnel() || multiBuffer();
    }

    boolean skb() {
        return skb;
    }

    boolean busyPoll() {
        return busyPoll;
    }
}
