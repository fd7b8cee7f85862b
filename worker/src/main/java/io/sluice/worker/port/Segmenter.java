package io.sluice.worker.port;

import io.sluice.worker.codec.Checksum;
import io.sluice.worker.memory.FramePool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Cuts a superframe into the segments that a device would make of it: TCP over IPv4 and IPv6 (TSO) and UDP (USO), as
 * net/ipv4/tcp_offload.c and udp_offload.c of the kernel do. One superframe at a time: {@link #start}, then {@link
 * #next} for each segment. Each costs a copy and a checksum of its bytes.
 *
 * <pre>
 *  Ethernet [VLAN...] | IPv4 or IPv6 [extensions] | TCP or UDP | payload: gso_size bytes a segment, the last may be shorter
 *  0                    network                     transport    data
 * </pre>
 */
public final class Segmenter {
    private static final int NEEDS_CSUM = 1;
    private static final int GSO_TCPV4 = 1;
    private static final int GSO_TCPV6 = 4;
    private static final int GSO_UDP_L4 = 5;
    private static final int GSO_ECN = 0x80;
    private static final int ETHERTYPE_VLAN = 0x8100;
    private static final int ETHERTYPE_QINQ = 0x88a8;
    private static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int ETHERTYPE_IPV6 = 0x86dd;
    private static final int PROTOCOL_TCP = 6;
    private static final int PROTOCOL_UDP = 17;
    private static final int IPV6_HEADER = 40;
    private static final int UDP_HEADER = 8;
    private static final int TCP_MIN_HEADER = 20;
    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;

    private final FramePool pool;
    private final ByteBuffer bytes;
    private int frame;
    private int network;
    private int transport;
    private int data;
    private int length;
    private int gsoSize;
    private int done;
    private int index;
    private boolean ipv4;
    private boolean tcp;

    public Segmenter(FramePool pool) {
        this.pool = pool;
        this.bytes = pool.bytes();
    }

    /**
     * Begins with the superframe at {@code offset}, whose vnet header lies before it.
     *
     * @return how many segments there will be; 0 if its headers contradict each other or a segment would not fit a frame
     */
    public int start(int offset, int packetLength) {
        int type = bytes.get(offset - 9) & ~GSO_ECN & 0xff;
        frame = offset;
        length = packetLength;
        gsoSize = bytes.getShort(offset - 6) & 0xffff;
        transport = bytes.getShort(offset - 4) & 0xffff;
        tcp = type == GSO_TCPV4 || type == GSO_TCPV6;
        done = 0;
        index = 0;
        boolean known = tcp || type == GSO_UDP_L4;
        if (!known || gsoSize == 0 || (bytes.get(offset - 10) & NEEDS_CSUM) == 0 || !parse(type)) {
            return 0;
        }
        if (data >= length || data + gsoSize > pool.room()) {
            return 0;
        }
        return (length - data + gsoSize - 1) / gsoSize;
    }

    private boolean parse(int type) {
        int at = 12;
        int ethertype = be16(at);
        while ((ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ) && at + 6 <= length) {
            at += 4;
            ethertype = be16(at);
        }
        network = at + 2;
        ipv4 = ethertype == ETHERTYPE_IPV4;
        if (!ipv4 && ethertype != ETHERTYPE_IPV6) {
            return false;
        }
        if ((type == GSO_TCPV4 && !ipv4) || (type == GSO_TCPV6 && ipv4)) {
            return false;
        }
        int header = ipv4 ? (bytes.get(frame + network) & 0xf) * 4 : IPV6_HEADER;
        int least = tcp ? TCP_MIN_HEADER : UDP_HEADER;
        if (header < 20 || transport < network + header || transport + least > length) {
            return false;
        }
        int transportHeader = tcp ? (bytes.get(frame + transport + 12) >>> 4 & 0xf) * 4 : UDP_HEADER;
        data = transport + transportHeader;
        return transportHeader >= least && data <= length;
    }

    /**
     * Writes the next segment behind the headroom of {@code target}, a free frame.
     *
     * @return its length in bytes
     */
    public int next(int target) {
        int chunk = Math.min(gsoSize, length - data - done);
        boolean first = done == 0;
        boolean last = data + done + chunk == length;
        int to = target + FramePool.HEADROOM;
        bytes.put(to, bytes, frame, data);
        bytes.put(to + data, bytes, frame + data + done, chunk);
        int ipLength = data - network + chunk;
        if (ipv4) {
            putBe16(to + network + 2, ipLength);
            putBe16(to + network + 4, be16(network + 4) + index);
            putBe16(to + network + 10, 0);
            putBe16(to + network + 10, ~Checksum.fold(Checksum.sum(bytes, to + network, ipHeader())) & 0xffff);
        } else {
            putBe16(to + network + 4, ipLength - IPV6_HEADER);
        }
        int checksumAt = tcp ? tcpHeader(to, first, last) : udpHeader(to, chunk);
        checksum(to, checksumAt, data - transport + chunk);
        done += chunk;
        index++;
        return data + chunk;
    }

    private int ipHeader() {
        return (bytes.get(frame + network) & 0xf) * 4;
    }

    private int tcpHeader(int to, boolean first, boolean last) {
        int at = to + transport;
        int sequence = be32(transport + 4) + done;
        putBe16(at + 4, sequence >>> 16);
        putBe16(at + 6, sequence);
        int flags = bytes.get(at + 13);
        if (!last) {
            flags &= ~FIN_PSH;
        }
        if (!first) {
            flags &= ~CWR;
        }
        bytes.put(at + 13, (byte) flags);
        return at + 16;
    }

    private int udpHeader(int to, int chunk) {
        putBe16(to + transport + 4, UDP_HEADER + chunk);
        return to + transport + 6;
    }

    /** TCP's or UDP's own checksum, over the pseudo-header of RFC 9293 and RFC 8200 and {@code transportLength} bytes. */
    private void checksum(int to, int at, int transportLength) {
        putBe16(at, 0);
        int protocol = tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
        long sum = Checksum.pseudoHeader(bytes, to + network, ipv4, protocol, transportLength)
                + Checksum.sum(bytes, to + transport, transportLength);
        int value = ~Checksum.fold(sum) & 0xffff;
        putBe16(at, value == 0 && !tcp ? 0xffff : value);
    }

    private int be16(int at) {
        short value = bytes.getShort(frame + at);
        return (bytes.order() == ByteOrder.BIG_ENDIAN ? value : Short.reverseBytes(value)) & 0xffff;
    }

    private int be32(int at) {
        return be16(at) << 16 | be16(at + 2);
    }

    private void putBe16(int at, int value) {
        short v = (short) value;
        bytes.putShort(at, bytes.order() == ByteOrder.BIG_ENDIAN ? v : Short.reverseBytes(v));
    }
}
