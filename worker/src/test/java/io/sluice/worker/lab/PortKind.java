package io.sluice.worker.lab;

import io.sluice.worker.codec.Counting;
import io.sluice.worker.codec.Encapsulation;
import java.util.Optional;
import java.util.OptionalInt;

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
    XDP_SKB_TWO_QUEUES_BUSY_POLL(2, true, true),
    TUNNEL_VXLAN(false, "0800000000002a00"),
    TUNNEL_GENEVE_IPV6(true, "0000655800000700"),
    TUNNEL_GRE(false, "2000655855667788"),
    TUNNEL_GRE_IPV6(true, "2000655855667788"),
    TUNNEL_L2TPV3_IP(false, "556677880102030400000000");

    private final int queues;
    private final int vnet;
    private final boolean xdp;
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

    PortKind(int queues, int vnet) {
        this(queues, vnet, false, false, false);
    }

    PortKind(int queues, boolean skb, boolean busyPoll) {
        this(queues, 0, true, skb, busyPoll);
    }

    PortKind(boolean ipv6, String header) {
        this(1, 0, false, false, false, ipv6, header);
    }

    PortKind(int queues, int vnet, boolean xdp, boolean skb, boolean busyPoll) {
        this(queues, vnet, xdp, skb, busyPoll, false, "");
    }

    PortKind(int queues, int vnet, boolean xdp, boolean skb, boolean busyPoll, boolean ipv6, String header) {
        this.ipv6 = ipv6;
        this.header = header;
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

    /** Whether it is a tunnel, else on a device. */
    public boolean isTunnel() {
        return !header.isEmpty();
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
        return offloads() || isTunnel();
    }

    boolean skb() {
        return skb;
    }

    boolean busyPoll() {
        return busyPoll;
    }
}
