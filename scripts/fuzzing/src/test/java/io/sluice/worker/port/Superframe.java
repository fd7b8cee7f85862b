package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * A superframe that can be cut, and what its segments have to be; byte by byte, as the RFCs say.
 *
 * @param frame without its virtio_net_hdr
 * @param network first byte of the IP header
 * @param transport first byte of the TCP or UDP header
 * @param data first byte of the payload
 * @param size bytes of payload of every segment but the last
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Superframe(byte[] frame, int network, int transport, int data, int size, boolean ipv4, boolean tcp) {
    private static final int TCP4 = 1;
    private static final int TCP6 = 4;
    private static final int UDP = 5;
    private static final int ECN = 0x80;

    /** Reads it; empty if headers contradict each other, or a segment would not fit into {@code room} bytes. */
    static Optional<Superframe> of(byte[] header, byte[] frame, int room) {
        int type = header[1] & 0xff & ~ECN;
        int size = fields(header).getShort(4) & 0xffff;
        int transport = fields(header).getShort(6) & 0xffff;
        int network = 14;
        while (frame.length >= network + 4 && isTag(be16(frame, network - 2))) {
            network += 4;
        }
        if ((header[0] & 1) == 0 || (type != TCP4 && type != TCP6 && type != UDP) || frame.length < network + 20) {
            return Optional.empty();
        }
        int ethertype = be16(frame, network - 2);
        boolean ipv4 = ethertype == 0x0800 && type != TCP6;
        boolean ipv6 = ethertype == 0x86dd && type != TCP4;
        int ip = ipv4 ? (frame[network] & 0xf) * 4 : 40;
        int least = type == UDP ? 8 : 20;
        if ((!ipv4 && !ipv6) || ip < 20 || transport < network + ip || transport + least > frame.length) {
            return Optional.empty();
        }
        int data = transport + (type == UDP ? 8 : (frame[transport + 12] >> 4 & 0xf) * 4);
        boolean fits = size > 0 && data >= transport + least && data < frame.length && data + size <= room;
        return fits
                ? Optional.of(new Superframe(frame, network, transport, data, size, ipv4, type != UDP))
                : Optional.empty();
    }

    int segments() {
        return (frame.length - data + size - 1) / size;
    }

    /** Fails unless the packet is segment {@code index}. */
    void check(int index, byte[] packet) {
        int from = data + index * size;
        int to = Math.min(from + size, frame.length);
        assertThat(Arrays.copyOfRange(packet, data, packet.length)).isEqualTo(Arrays.copyOfRange(frame, from, to));
        byte[] headers = Arrays.copyOf(frame, data);
        ByteBuffer expected = ByteBuffer.wrap(headers);
        if (ipv4) {
            assertThat(fold(sum(packet, network, (packet[network] & 0xf) * 4))).isEqualTo(0xffff);
            expected.putShort(network + 2, (short) (packet.length - network));
            expected.putShort(network + 4, (short) (be16(frame, network + 4) + index));
            expected.putShort(network + 10, (short) be16(packet, network + 10));
        } else {
            expected.putShort(network + 4, (short) (packet.length - network - 40));
        }
        int checksum = transport + (tcp ? 16 : 6);
        if (tcp) {
            expected.putInt(transport + 4, expected.getInt(transport + 4) + index * size);
            int flags = headers[transport + 13] & (to == frame.length ? 0xff : ~0x09) & (index == 0 ? 0xff : ~0x80);
            expected.put(transport + 13, (byte) flags);
        } else {
            expected.putShort(transport + 4, (short) (packet.length - transport));
            assertThat(be16(packet, checksum)).isNotZero();
        }
        expected.putShort(checksum, (short) be16(packet, checksum));
        assertThat(Arrays.copyOf(packet, data)).isEqualTo(headers);
        int length = packet.length - transport;
        long pseudo = sum(packet, network + (ipv4 ? 12 : 8), ipv4 ? 8 : 32) + (tcp ? 6 : 17) + length;
        assertThat(fold(pseudo + sum(packet, transport, length))).isEqualTo(0xffff);
    }

    static ByteBuffer fields(byte[] header) {
        return ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    }

    static int be16(byte[] bytes, int at) {
        return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    }

    /** RFC 1071, word by word. */
    static long sum(byte[] bytes, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (long) (bytes[from + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    static int fold(long sum) {
        return (int) (sum == 0 ? 0 : (sum - 1) % 0xffff + 1);
    }

    private static boolean isTag(int ethertype) {
        return ethertype == 0x8100 || ethertype == 0x88a8;
    }
}
