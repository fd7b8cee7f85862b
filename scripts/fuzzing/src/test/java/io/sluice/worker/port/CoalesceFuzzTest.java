package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import io.sluice.fuzzing.Pools;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Vector;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any packets in a poll: what becomes of them, cut as {@link Superframe} says, is what came, byte by byte, and what begins
 * with the same addresses and ports is still in order.
 *
 * <pre>
 *  input: u8 kinds of superframes (bits 0 to 2), whether there are large frames (3) | u16 bytes of payload | u8 bytes of headers
 *         | the headers of the first packet | for each further one: u8 how it differs from the one before, see {@link #next}
 * </pre>
 */
class CoalesceFuzzTest {
    private static final int LARGE = 8;
    private static final int MOST = 80;

    /** Bytes from the IP header on that a packet needs to be given checksums: the headers of TCP over IPv6. */
    private static final int SEALED = 60;

    private static FramePool pool;
    private static FramePool none;

    /** A packet, with its virtio_net_hdr or null. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Packet(byte[] header, byte[] frame) {}

    @BeforeAll
    static void makePools() throws SyscallException {
        pool = Pools.of(2 * MOST, LARGE);
        none = Pools.of(2 * MOST, 0);
    }

    @AfterAll
    static void closePools() {
        pool.close();
        none.close();
    }

    @FuzzTest
    void whatIsCutAgainIsWhatCame(byte[] bytes) {
        Input input = new Input(bytes);
        int control = input.u8();
        int kinds = ((control & 1) != 0 ? Offload.TX_TCP4.bit() : 0)
                | ((control & 2) != 0 ? Offload.TX_TCP6.bit() : 0)
                | ((control & 4) != 0 ? Offload.TX_UDP.bit() : 0);
        List<Packet> packets = packets(input);
        FramePool frames = (control & 8) != 0 ? pool : none;

        List<Packet> out = run(frames, kinds, packets);

        List<byte[]> left = new ArrayList<>();
        packets.forEach(packet -> left.add(packet.frame()));
        for (Packet packet : out) {
            if (isMade(packet)) {
                Superframe whole = Superframe.of(packet.header(), packet.frame(), frames.room())
                        .orElseThrow(() -> new AssertionError("a superframe that contradicts itself"));
                assertThat(whole.segments()).isGreaterThan(1);
                for (int i = 0; i < whole.segments(); i++) {
                    whole.check(i, take(left, whole, i));
                }
            } else {
                take(left, packet.frame());
            }
        }
        assertThat(left).isEmpty();
    }

    /** Those that came have other flags: no packet with GSO is in the input. */
    private static boolean isMade(Packet packet) {
        return packet.header() != null && packet.header()[1] != 0;
    }

    /** The first packet left that is like segment {@code index}, before which no other of its flow may be. */
    private static byte[] take(List<byte[]> left, Superframe whole, int index) {
        for (int i = 0; i < left.size(); i++) {
            if (sameFlow(left.get(i), whole.frame(), whole.network(), whole.transport())) {
                return left.remove(i);
            }
        }
        throw new AssertionError("segment " + index + " of no packet that came");
    }

    private static void take(List<byte[]> left, byte[] frame) {
        for (int i = 0; i < left.size(); i++) {
            if (Arrays.equals(left.get(i), frame)) {
                left.remove(i);
                return;
            }
        }
        throw new AssertionError("a packet that did not come");
    }

    private static boolean sameFlow(byte[] frame, byte[] other, int network, int transport) {
        boolean ipv4 = transport == network + 20;
        int addresses = network + (ipv4 ? 12 : 8);
        int protocol = network + (ipv4 ? 9 : 6);
        return frame.length >= transport + 4
                && frame[protocol] == other[protocol]
                && Arrays.equals(frame, 12, network, other, 12, network)
                && Arrays.equals(frame, addresses, transport + 4, other, addresses, transport + 4);
    }

    private static List<Packet> packets(Input input) {
        int payload = input.u16() % 1_500 + 1;
        byte[] headers = input.bytes(input.u8());
        byte[] frame = Arrays.copyOf(headers, Math.max(14, headers.length) + payload);
        for (int i = headers.length; i < frame.length; i++) {
            frame[i] = (byte) ((i * 31) >>> 3);
        }
        seal(frame);
        List<Packet> packets = new ArrayList<>();
        packets.add(new Packet(null, frame.clone()));
        while (input.left() > 0 && packets.size() < MOST) {
            int what = input.u8();
            frame = next(frame, what, payload, input);
            packets.add(new Packet((what & 0x10) != 0 ? header(frame) : null, frame.clone()));
        }
        return packets;
    }

    /** A virtio_net_hdr, which says that the checksums have been verified if they are right. */
    private static byte[] header(byte[] frame) {
        byte[] sealed = frame.clone();
        seal(sealed);
        byte[] header = new byte[FrameLimits.VNET_HEADER];
        header[0] = (byte) (frame.length >= network(frame) + SEALED && Arrays.equals(sealed, frame) ? 2 : 0);
        return header;
    }

    /** Bits: 0 counts on, 1 changes a byte, 2 computes checksums, 3 changes the length; 4 is for {@link #header}. */
    private static byte[] next(byte[] before, int what, int payload, Input input) {
        byte[] frame = before.clone();
        ByteBuffer fields = ByteBuffer.wrap(frame);
        int ip = network(frame);
        if ((what & 1) != 0 && frame.length >= ip + SEALED) {
            if (frame[ip] >> 4 == 4) {
                fields.putShort(ip + 4, (short) (fields.getShort(ip + 4) + 1));
            }
            int at = ip + (frame[ip] >> 4 == 4 ? 20 : 40);
            if (at + 8 <= frame.length) {
                fields.putInt(at + 4, isTcp(frame, ip) ? fields.getInt(at + 4) + payload : fields.getInt(at + 4));
            }
        }
        if ((what & 2) != 0) {
            frame[input.u16() % frame.length] = (byte) input.u8();
        }
        if ((what & 8) != 0) {
            frame = Arrays.copyOf(frame, Math.max(14, Math.min(frame.length + (byte) input.u8(), 1_700)));
            setLength(frame);
        }
        if ((what & 4) != 0 || (what & 1) != 0) {
            seal(frame);
        }
        return frame;
    }

    private static int network(byte[] frame) {
        int ip = 14;
        while (frame.length >= ip + 24
                && (Superframe.be16(frame, ip - 2) == 0x8100 || Superframe.be16(frame, ip - 2) == 0x88a8)) {
            ip += 4;
        }
        return ip;
    }

    private static boolean isTcp(byte[] frame, int ip) {
        return frame[ip + (frame[ip] >> 4 == 4 ? 9 : 6)] == 6;
    }

    private static void setLength(byte[] frame) {
        int ip = network(frame);
        if (frame.length < ip + 48) {
            return;
        }
        boolean ipv4 = frame[ip] >> 4 == 4;
        ByteBuffer fields = ByteBuffer.wrap(frame);
        fields.putShort(ip + (ipv4 ? 2 : 4), (short) (frame.length - ip - (ipv4 ? 0 : 40)));
        if (!isTcp(frame, ip)) {
            int at = ip + (ipv4 ? 20 : 40);
            fields.putShort(at + 4, (short) (frame.length - at));
        }
    }

    /** Computes its checksums, as far as there is room for them. */
    private static void seal(byte[] frame) {
        int ip = network(frame);
        if (frame.length < ip + SEALED) {
            return;
        }
        boolean ipv4 = frame[ip] >> 4 == 4;
        boolean tcp = isTcp(frame, ip);
        int at = ip + (ipv4 ? 20 : 40);
        int field = at + (tcp ? 16 : 6);
        ByteBuffer fields = ByteBuffer.wrap(frame);
        if (ipv4) {
            fields.putShort(ip + 10, (short) 0);
            fields.putShort(ip + 10, (short) ~Superframe.fold(Superframe.sum(frame, ip, 20)));
        }
        fields.putShort(field, (short) 0);
        long pseudo = Superframe.sum(frame, ip + (ipv4 ? 12 : 8), ipv4 ? 8 : 32) + (tcp ? 6 : 17) + frame.length - at;
        int sum = ~Superframe.fold(pseudo + Superframe.sum(frame, at, frame.length - at)) & 0xffff;
        fields.putShort(field, (short) (sum == 0 && !tcp ? 0xffff : sum));
    }

    private static List<Packet> run(FramePool frames, int kinds, List<Packet> packets) {
        Vector vector = new Vector();
        ByteBuffer memory = frames.bytes();
        for (Packet packet : packets) {
            int at = frames.take() + FramePool.HEADROOM;
            if (packet.header() != null) {
                memory.put(at - 10, packet.header());
            }
            memory.put(at, packet.frame());
            vector.add(at, packet.frame().length, packet.header() == null ? 0 : Vector.VNET);
        }
        Counters counters = new Counters();
        new Coalescer(frames, counters).run(vector, kinds);
        assertThat(vector.count + counters.merged()).isEqualTo(packets.size());
        List<Packet> out = new ArrayList<>();
        for (int i = 0; i < vector.count; i++) {
            byte[] header = vector.flags[i] == 0 ? null : Pools.copy(memory, vector.offset[i] - 10, 10);
            out.add(new Packet(header, Pools.copy(memory, vector.offset[i], vector.length[i])));
        }
        frames.giveAll(vector);
        assertThat(frames.freeFrames()).as("every frame is back").isEqualTo(frames.frames());
        return out;
    }
}
