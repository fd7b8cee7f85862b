package io.sluice.worker.port;

import java.nio.ByteBuffer;

/**
 * Whether two packets say the same in all that a segmenter copies. What it counts up or computes is not looked at: lengths,
 * IPv4's identification, TCP's sequence number and PSH, checksums.
 */
final class Alike {
    private static final int TCP_HEADER = 20;

    private Alike() {}

    /** Compares {@code segment} with the packet at {@code other}, whose headers have the same {@link Segment#shape()}. */
    static boolean headers(ByteBuffer bytes, Segment segment, int other) {
        int ip = segment.at + segment.network;
        int otherIp = other + segment.network;
        return same(bytes, segment.at, other, segment.network)
                && (segment.ipv4 ? ipv4(bytes, ip, otherIp) : ipv6(bytes, ip, otherIp))
                && transport(bytes, segment, other);
    }

    private static boolean ipv4(ByteBuffer bytes, int a, int b) {
        return same16(bytes, a, b) // version, TOS
                && same32(bytes, a + 6, b + 6) // DF, TTL, protocol
                && same(bytes, a + 12, b + 12, 8);
    }

    private static boolean ipv6(ByteBuffer bytes, int a, int b) {
        return same32(bytes, a, b) // version, traffic class, flow label
                && same16(bytes, a + 6, b + 6) // next header, hop limit
                && same(bytes, a + 8, b + 8, 32);
    }

    private static boolean transport(ByteBuffer bytes, Segment segment, int other) {
        int a = segment.at + segment.transport;
        int b = other + segment.transport;
        return same32(bytes, a, b) && (!segment.tcp || tcp(bytes, a, b, segment.data - segment.transport - TCP_HEADER));
    }

    /** @param options bytes of them, a multiple of 4 */
    private static boolean tcp(ByteBuffer bytes, int a, int b, int options) {
        return same32(bytes, a + 8, b + 8) // acknowledgment
                && bytes.get(a + 12) == bytes.get(b + 12) // length, reserved bits
                && same16(bytes, a + 14, b + 14) // window
                && same16(bytes, a + 18, b + 18) // urgent pointer
                && same(bytes, a + TCP_HEADER, b + TCP_HEADER, options);
    }

    private static boolean same16(ByteBuffer bytes, int a, int b) {
        return bytes.getShort(a) == bytes.getShort(b);
    }

    private static boolean same32(ByteBuffer bytes, int a, int b) {
        return bytes.getInt(a) == bytes.getInt(b);
    }

    /** @param count even */
    private static boolean same(ByteBuffer bytes, int a, int b, int count) {
        int i = 0;
        for (; i + 8 <= count; i += 8) {
            if (bytes.getLong(a + i) != bytes.getLong(b + i)) {
                return false;
            }
        }
        for (; i < count; i += 2) {
            if (!same16(bytes, a + i, b + i)) {
                return false;
            }
        }
        return true;
    }
}
