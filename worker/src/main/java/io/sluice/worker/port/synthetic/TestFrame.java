package io.sluice.worker.port.synthetic;

import io.sluice.worker.codec.Checksum;
import java.nio.ByteBuffer;

/** A UDP packet from the addresses that RFC 2544 and RFC 6815 set aside for benchmarks, to the discard port. */
public final class TestFrame {
    /** Ethernet, IPv4 and UDP headers. */
    public static final int LEAST = 42;

    private static final int IP = 14;
    private static final int IP_HEADER = 20;
    private static final int DISCARD_PORT = 9;

    private TestFrame() {}

    /**
     * @param length bytes without FCS, at least {@link #LEAST}
     * @param destination 6 bytes
     * @param source 6 bytes
     */
    public static byte[] of(int length, byte[] destination, byte[] source) {
        ByteBuffer frame = ByteBuffer.allocate(length); // network order
        frame.put(destination).put(source).putShort((short) 0x0800);
        frame.putShort((short) 0x4500).putShort((short) (length - IP)).putInt(0);
        frame.put((byte) 64).put((byte) 17).putShort((short) 0); // TTL, UDP
        frame.putInt(0xc6120001).putInt(0xc6120002); // 198.18.0.1, 198.18.0.2
        frame.putShort((short) 1024).putShort((short) DISCARD_PORT);
        frame.putShort((short) (length - IP - IP_HEADER)).putShort((short) 0); // no UDP checksum
        frame.putShort(IP + 10, (short) ~Checksum.fold(Checksum.sum(frame, IP, IP_HEADER)));
        return frame.array();
    }
}
