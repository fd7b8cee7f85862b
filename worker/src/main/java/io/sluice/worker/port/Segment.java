package io.sluice.worker.port;

import io.sluice.worker.codec.Checksum;
import io.sluice.worker.codec.NetworkOrder;
import io.sluice.worker.memory.FramePool;
import java.nio.ByteBuffer;

/**
 * One received packet as {@link Coalescer} looks at it: where its headers are, and what may become of it. One object, read
 * anew for each packet.
 */
final class Segment {
    /** No packet of a protocol that is coalesced: nothing is to be kept in order with it. */
    static final int OTHER = 0;

    /** Of such a protocol, but which flow it belongs to can't be read: fragments, IP options, extension headers. */
    static final int OPAQUE = 1;

    /** Of a flow, and to be left as it is. */
    static final int ALONE = 2;

    /** Of a flow; may be put together with its neighbours if its checksum is right. */
    static final int DATA = 3;

    private static final int NEEDS_CSUM = 1;
    private static final int DATA_VALID = 2;
    private static final int ETHERTYPE_VLAN = 0x8100;
    private static final int ETHERTYPE_QINQ = 0x88a8;
    private static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int ETHERTYPE_IPV6 = 0x86dd;
    private static final int MOST_TAGS = 2;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final int TCP = 6;
    private static final int TCP_HEADER = 20;
    private static final int UDP = 17;
    private static final int UDP_HEADER = 8;
    private static final int ACK = 0x10;
    private static final int PSH = 0x08;

    private final FramePool pool;
    private final ByteBuffer bytes;

    /** First byte of the packet, in the pool. */
    int at;

    /** Bytes of the packet. */
    int length;

    /** First byte of the IP header, of the TCP or UDP header, and of what that carries, from the start of the packet. */
    int network;

    int transport;
    int data;

    boolean ipv4;
    boolean tcp;

    /** Equal for packets of one flow; for those of two it may be. */
    int flow;

    private boolean vnet;

    Segment(FramePool pool) {
        this.pool = pool;
        this.bytes = pool.bytes();
    }

    /** Bytes of payload. */
    int payload() {
        return length - data;
    }

    /** TCP's sequence number. */
    int sequence() {
        return NetworkOrder.i32(bytes, at + transport + 4);
    }

    /** IPv4's identification. */
    int id() {
        return NetworkOrder.u16(bytes, at + network + 4);
    }

    /** TCP's flags. */
    byte flags() {
        return bytes.get(at + transport + 13);
    }

    /** Whether TCP wants its receiver to be told: nothing is put behind such a packet. */
    boolean push() {
        return tcp && (flags() & PSH) != 0;
    }

    /** The three places in one number. */
    int shape() {
        return (ipv4 ? 1 : 0) | (tcp ? 2 : 0) | network << 8 | transport << 16 | data << 24;
    }

    /**
     * Reads the headers of a packet.
     *
     * @param open whether a vnet header lies before it
     * @param kinds bits of the segmentations ({@link Offload}) whose protocols are looked for
     * @return {@link #OTHER}, {@link #OPAQUE}, {@link #ALONE} or {@link #DATA}
     */
    int read(int offset, int packetLength, boolean open, int kinds) {
        at = offset;
        length = packetLength;
        vnet = open;
        if (length < FrameLimits.ETHERNET_HEADER + IPV4_HEADER) {
            return OTHER;
        }
        network = FrameLimits.ETHERNET_HEADER;
        int ethertype = NetworkOrder.u16(bytes, at + network - 2);
        for (int tags = 0; isTag(ethertype) && tags < MOST_TAGS; tags++) {
            network += FrameLimits.VLAN_TAG;
            ethertype = NetworkOrder.u16(bytes, at + network - 2);
        }
        return switch (ethertype) {
            case ETHERTYPE_IPV4 -> ipv4(kinds);
            case ETHERTYPE_IPV6 -> ipv6(kinds);
            default -> OTHER;
        };
    }

    private static boolean isTag(int ethertype) {
        return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ;
    }

    private int ipv4(int kinds) {
        ipv4 = true;
        if (length < network + IPV4_HEADER || !isWanted(NetworkOrder.u8(bytes, at + network + 9), kinds)) {
            return OTHER;
        }
        transport = network + IPV4_HEADER;
        boolean whole = (NetworkOrder.u16(bytes, at + network + 6) & 0x3fff) == 0;
        if (bytes.get(at + network) != 0x45 || !whole || length < transport + UDP_HEADER) {
            return OPAQUE;
        }
        long addresses = bytes.getLong(at + network + 12);
        return transport(addresses, NetworkOrder.u16(bytes, at + network + 2));
    }

    private int ipv6(int kinds) {
        ipv4 = false;
        if (length < network + IPV6_HEADER) {
            return OTHER;
        }
        int next = NetworkOrder.u8(bytes, at + network + 6);
        if (!isWanted(next, kinds)) {
            return isExtension(next) ? OPAQUE : OTHER;
        }
        transport = network + IPV6_HEADER;
        if ((bytes.get(at + network) & 0xf0) != 0x60 || length < transport + UDP_HEADER) {
            return OPAQUE;
        }
        long addresses = 0;
        for (int i = 8; i < IPV6_HEADER; i += 8) {
            addresses = addresses * 0x9e3779b97f4a7c15L + bytes.getLong(at + network + i);
        }
        return transport(addresses, IPV6_HEADER + NetworkOrder.u16(bytes, at + network + 4));
    }

    /** What TCP or UDP may be behind (IANA, IPv6 extension header types). */
    private static boolean isExtension(int next) {
        return switch (next) {
            case 0, 43, 44, 51, 60, 135, 139, 140 -> true;
            default -> false;
        };
    }

    private boolean isWanted(int protocol, int kinds) {
        tcp = protocol == TCP;
        int kind = tcp ? (ipv4 ? Offload.TX_TCP4.bit() : Offload.TX_TCP6.bit()) : Offload.TX_UDP.bit();
        return (tcp || protocol == UDP) && (kinds & kind) != 0;
    }

    /** @param total bytes from the IP header on, as that says */
    private int transport(long addresses, int total) {
        int ports = bytes.getInt(at + transport);
        long mixed = (addresses ^ (tcp ? ports : ~ports)) * 0x9e3779b97f4a7c15L;
        flow = (int) (mixed >>> 32);
        boolean superframe = vnet && SoftOffload.isSuperframe(pool, at);
        // A padded frame would come back without its padding, and one longer than a frame could not be cut again.
        if (superframe || network + total != length || length > pool.room()) {
            return ALONE;
        }
        return (tcp ? isTcpData() : isUdpData()) ? DATA : ALONE;
    }

    private boolean isTcpData() {
        if (length < transport + TCP_HEADER) {
            return false;
        }
        int header = (bytes.get(at + transport + 12) >>> 4 & 0xf) * 4;
        data = transport + header;
        return header >= TCP_HEADER && data < length && (flags() & ~PSH) == ACK;
    }

    private boolean isUdpData() {
        data = transport + UDP_HEADER;
        return NetworkOrder.u16(bytes, at + transport + 4) == length - transport && data < length;
    }

    /**
     * Whether the checksums of this packet, which is {@link #DATA}, are right, and written as {@link Segmenter} writes them:
     * by what the kernel said of it, else by adding it up.
     */
    boolean sound() {
        return sound(at, length, vnet);
    }

    /** The same of another packet with headers in the same places. */
    boolean sound(int other, int otherLength, boolean open) {
        int header = other + network;
        if (ipv4
                && (NetworkOrder.u16(bytes, header + 10) == 0xffff
                        || Checksum.fold(Checksum.sum(bytes, header, IPV4_HEADER)) != 0xffff)) {
            return false;
        }
        int field = NetworkOrder.u16(bytes, other + transport + checksumOffset());
        int flags = open ? SoftOffload.flags(pool, other) : 0;
        if ((flags & NEEDS_CSUM) != 0) {
            return bytes.getShort(other - 4) == transport
                    && bytes.getShort(other - 2) == checksumOffset()
                    && field == Checksum.fold(pseudoHeader(other, otherLength));
        }
        if (field == (tcp ? 0xffff : 0)) { // the other way of writing 0, or no checksum
            return false;
        }
        return (flags & DATA_VALID) != 0
                || Checksum.fold(pseudoHeader(other, otherLength)
                                + Checksum.sum(bytes, other + transport, otherLength - transport))
                        == 0xffff;
    }

    private int checksumOffset() {
        return tcp ? 16 : 6;
    }

    private long pseudoHeader(int other, int otherLength) {
        return Checksum.pseudoHeader(bytes, other + network, ipv4, tcp ? TCP : UDP, otherLength - transport);
    }
}
