package io.sluice.worker.port;

import io.sluice.worker.codec.Checksum;
import io.sluice.worker.codec.NetworkOrder;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import java.nio.ByteBuffer;

/**
 * Generic receive offload: makes superframes of what came in one poll, for ports that carry them. The opposite of {@link
 * Segmenter}, which cuts each into the very packets that it was made of, byte by byte; what it could not is left alone. That
 * is stricter than net/ipv4/tcp_offload.c and udp_offload.c of the kernel, which these rules follow:
 *
 * <ul>
 *   <li>TCP with no flag but ACK and, on its last packet, PSH; UDP with a checksum. Nothing fragmented, no IP options.
 *   <li>In a row: sequence numbers, and IPv4 identifications. The kernel takes equal ones with DF, too, which a
 *       virtio_net_hdr can't say.
 *   <li>Equal in everything else: MAC addresses and tags, TOS, TTL, DF, flow label, acknowledgment, window, options.
 *   <li>As long as the first, but the last one, which may be shorter. No padding behind it.
 *   <li>At most 65535 bytes of IP; 64 datagrams (UDP_GRO_CNT_MAX).
 *   <li>With right checksums, or ones that are still to be filled in. They are added up only when there is something to put
 *       a packet together with.
 * </ul>
 *
 * <p>A superframe has the place that its first packet had, so the order within a flow is kept: a packet that can't be put to
 * the others of its flow ends it, and one whose flow can't be read ends all. Nothing waits for the next poll.
 */
public final class Coalescer {
    /** Flows at once; one after the other they make room for another. */
    private static final int FLOWS = 16;

    private static final int NEEDS_CSUM = 1;
    private static final int GSO_TCPV4 = 1;
    private static final int GSO_TCPV6 = 4;
    private static final int GSO_UDP_L4 = 5;
    private static final int PROTOCOL_TCP = 6;
    private static final int PROTOCOL_UDP = 17;
    private static final int MOST_IP = 0xffff;
    private static final int MOST_DATAGRAMS = 64;

    private final FramePool pool;
    private final ByteBuffer bytes;
    private final Counters counters;
    private final Segment segment;

    // Of each flow: what a packet has to have to be the next one. Parallel arrays, a cache line each.
    private final int[] flow = new int[FLOWS];
    private final int[] shape = new int[FLOWS];
    private final int[] place = new int[FLOWS];
    private final int[] sequence = new int[FLOWS];
    private final int[] id = new int[FLOWS];
    private final int[] size = new int[FLOWS];
    private final int[] packets = new int[FLOWS];
    private int flows;
    private int victim;

    /**
     * @param pool of the packets; superframes are in its large frames, and without a free one there are none
     * @param counters of the port where the packets came in
     */
    public Coalescer(FramePool pool, Counters counters) {
        this.pool = pool;
        this.bytes = pool.bytes();
        this.counters = counters;
        this.segment = new Segment(pool);
    }

    /**
     * Puts packets of {@code vector} together. Where nothing can be, a packet costs the reading of its headers and up to {@link
     * #FLOWS} comparisons of numbers, measured as 10 ns for one of another protocol, 20 ns for an acknowledgment and 50 ns for
     * data that goes with no other; one of 1448 bytes that is put to others costs a copy and, if nobody has verified it, a
     * checksum, 450 ns together.
     *
     * @param kinds bits of the segmentations ({@link Offload}) that superframes may need
     */
    public void run(Vector vector, int kinds) {
        int kept = 0;
        for (int i = 0; i < vector.count; i++) {
            int offset = vector.offset[i];
            int verdict = segment.read(offset, vector.length[i], vector.flags[i] != 0, kinds);
            if (verdict == Segment.DATA ? joins(vector, kept) : stays(vector, verdict)) {
                pool.give(offset);
                continue;
            }
            vector.offset[kept] = offset;
            vector.length[kept] = vector.length[i];
            vector.flags[kept] = vector.flags[i];
            kept++;
        }
        vector.count = kept;
        endAll(vector);
    }

    /** Ends what a packet that is left as it is must not overtake; false. */
    private boolean stays(Vector vector, int verdict) {
        if (verdict == Segment.OPAQUE) {
            endAll(vector);
        } else if (verdict == Segment.ALONE) {
            int k = find(segment.flow);
            if (k >= 0) {
                end(vector, k);
            }
        }
        return false;
    }

    /** Whether the packet has been put behind the others of its flow; else it stays, as the first of more to come. */
    private boolean joins(Vector vector, int kept) {
        int k = find(segment.flow);
        if (k >= 0) {
            if (continues(vector, k) && segment.sound() && begun(vector, k)) {
                append(vector, k);
                return true;
            }
            end(vector, k);
        }
        if (!segment.push()) {
            begin(vector, kept);
        }
        return false;
    }

    private int find(int wanted) {
        for (int k = 0; k < flows; k++) {
            if (flow[k] == wanted) {
                return k;
            }
        }
        return -1;
    }

    private void begin(Vector vector, int kept) {
        if (flows == FLOWS) {
            end(vector, victim);
            victim = (victim + 1) % FLOWS;
        }
        int k = flows++;
        flow[k] = segment.flow;
        shape[k] = segment.shape();
        place[k] = kept;
        sequence[k] = segment.tcp ? segment.sequence() + segment.payload() : 0;
        id[k] = segment.ipv4 ? segment.id() + 1 : 0;
        size[k] = segment.payload();
        packets[k] = 1;
    }

    private boolean continues(Vector vector, int k) {
        int first = vector.offset[place[k]];
        return shape[k] == segment.shape()
                && segment.payload() <= size[k]
                && (segment.tcp ? segment.sequence() == sequence[k] : packets[k] < MOST_DATAGRAMS)
                && (!segment.ipv4 || segment.id() == (id[k] & 0xffff))
                && vector.length[place[k]] - segment.network + segment.payload() <= MOST_IP
                && Alike.headers(bytes, segment, first);
    }

    /** Whether the flow has a superframe; with its second packet its first becomes one. */
    private boolean begun(Vector vector, int k) {
        if (packets[k] > 1) {
            return true;
        }
        int i = place[k];
        int first = vector.offset[i];
        int length = vector.length[i];
        if (!segment.sound(first, length, vector.flags[i] != 0)) {
            return false;
        }
        int frame = pool.takeLarge();
        if (frame == FramePool.NONE) {
            return false;
        }
        int to = frame + FramePool.HEADROOM;
        bytes.put(to, bytes, first, length);
        pool.give(first);
        vector.offset[i] = to;
        vector.flags[i] = Vector.VNET;
        return true;
    }

    private void append(Vector vector, int k) {
        int i = place[k];
        int payload = segment.payload();
        bytes.put(vector.offset[i] + vector.length[i], bytes, segment.at + segment.data, payload);
        vector.length[i] += payload;
        sequence[k] += payload;
        id[k]++;
        packets[k]++;
        boolean push = segment.push();
        if (push) {
            int flags = vector.offset[i] + segment.transport + 13;
            bytes.put(flags, segment.flags());
        }
        if (push || payload < size[k]) {
            end(vector, k);
        }
    }

    private void endAll(Vector vector) {
        while (flows > 0) {
            end(vector, flows - 1);
        }
    }

    /** Lets no packet follow: the last flow has the place of this one. */
    private void end(Vector vector, int k) {
        if (packets[k] > 1) {
            finish(vector, k);
        }
        int last = --flows;
        flow[k] = flow[last];
        shape[k] = shape[last];
        place[k] = place[last];
        sequence[k] = sequence[last];
        id[k] = id[last];
        size[k] = size[last];
        packets[k] = packets[last];
    }

    /** Gives a superframe its lengths, its vnet header, and the checksum of its pseudo-header. */
    private void finish(Vector vector, int k) {
        int at = vector.offset[place[k]];
        int length = vector.length[place[k]];
        boolean ipv4 = (shape[k] & 1) != 0;
        boolean tcp = (shape[k] & 2) != 0;
        int network = shape[k] >>> 8 & 0xff;
        int transport = shape[k] >>> 16 & 0xff;
        int data = shape[k] >>> 24;
        if (ipv4) {
            NetworkOrder.put16(bytes, at + network + 2, length - network);
            NetworkOrder.put16(bytes, at + network + 10, 0);
            int sum = Checksum.fold(Checksum.sum(bytes, at + network, transport - network));
            NetworkOrder.put16(bytes, at + network + 10, ~sum);
        } else {
            NetworkOrder.put16(bytes, at + network + 4, length - transport);
        }
        if (!tcp) {
            NetworkOrder.put16(bytes, at + transport + 4, length - transport);
        }
        int checksumOffset = tcp ? 16 : 6;
        int protocol = tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
        int pseudo = Checksum.fold(Checksum.pseudoHeader(bytes, at + network, ipv4, protocol, length - transport));
        NetworkOrder.put16(bytes, at + transport + checksumOffset, pseudo);
        bytes.put(at - 10, (byte) NEEDS_CSUM)
                .put(at - 9, (byte) (tcp ? (ipv4 ? GSO_TCPV4 : GSO_TCPV6) : GSO_UDP_L4))
                .putShort(at - 8, (short) data)
                .putShort(at - 6, (short) size[k])
                .putShort(at - 4, (short) transport)
                .putShort(at - 2, (short) checksumOffset);
        counters.add(PortCounter.RX_MERGED, packets[k] - 1);
        counters.add(PortCounter.RX_SUPERFRAMES, 1);
    }
}
