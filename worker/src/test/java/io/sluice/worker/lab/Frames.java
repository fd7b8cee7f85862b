package io.sluice.worker.lab;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Ethernet frames of known content. Checksums are computed byte by byte, as the RFCs say. */
public final class Frames {
    /** Two addresses and an ethertype. */
    public static final int ETHERNET = 14;

    private static final int SEQUENCE_AT = 8;
    private static final byte[] MACS = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

    /** What a frame carries, with where its checksum is. */
    public enum Transport {
        TCP4(4, 6),
        TCP6(6, 6),
        UDP4(4, 17),
        UDP6(6, 17);

        private final int ip;
        private final int protocol;

        Transport(int ip, int protocol) {
            this.ip = ip;
            this.protocol = protocol;
        }

        /** First byte of the transport header. */
        public int start() {
            return ETHERNET + (ip == 4 ? 20 : 40);
        }

        private int header() {
            return protocol == 6 ? 20 : 8;
        }

        private int checksumOffset() {
            return protocol == 6 ? 16 : 6;
        }

        /** First byte of the checksum. */
        public int checksumAt() {
            return start() + checksumOffset();
        }

        /** Bytes before the payload. */
        public int headers() {
            return start() + header();
        }

        /** A virtio_net_hdr that asks for the checksum. */
        public byte[] vnetHeader() {
            return new byte[] {1, 0, (byte) headers(), 0, 0, 0, (byte) start(), 0, (byte) checksumOffset(), 0};
        }

        /** One that says, too, that the packet is to be cut into segments of {@code size} bytes. TCP only. */
        public byte[] superframeHeader(int size) {
            byte[] header = vnetHeader();
            header[1] = (byte) (ip == 4 ? 1 : 4);
            header[4] = (byte) size;
            header[5] = (byte) (size >> 8);
            return header;
        }
    }

    private Frames() {}

    /** A frame with {@code payload} random bytes and a valid checksum. */
    public static byte[] transport(Transport transport, int payload, int seed) {
        byte[] bytes = new byte[payload];
        new Random(seed).nextBytes(bytes);
        return build(transport, bytes, seed & 0xff);
    }

    /** A frame of {@code length} bytes (60 or more) that knows its flow and its place in it. */
    public static byte[] of(int flow, int sequence, int length) {
        byte[] payload = new byte[length - Transport.UDP4.headers()];
        new Random((long) flow << 32 | sequence).nextBytes(payload);
        ByteBuffer.wrap(payload).putInt(0, flow).putInt(4, length).putInt(SEQUENCE_AT, sequence);
        return build(Transport.UDP4, payload, flow);
    }

    /** The flow of a frame of {@link #of}. */
    public static int flow(byte[] frame) {
        return ByteBuffer.wrap(frame).getInt(Transport.UDP4.headers());
    }

    /** The place of a frame of {@link #of} in its flow. */
    public static int sequence(byte[] frame) {
        return ByteBuffer.wrap(frame).getInt(Transport.UDP4.headers() + SEQUENCE_AT);
    }

    /** Whether {@code frame} is, byte by byte, a frame that {@link #of} made. */
    public static boolean isWhole(byte[] frame) {
        int least = Transport.UDP4.headers() + SEQUENCE_AT + 4;
        return frame.length >= least && Arrays.equals(frame, of(flow(frame), sequence(frame), frame.length));
    }

    /** A frame whose checksum comes out as 0, which is written as ffff. */
    public static byte[] withZeroSum(Transport transport) {
        byte[] payload = new byte[40];
        new Random(0).nextBytes(payload);
        payload[38] = 0;
        payload[39] = 0;
        byte[] frame = build(transport, payload, 0);
        int sum = transportSum(transport, withChecksum(transport, frame, 0));
        payload[38] = (byte) ((0xffff - sum) >> 8);
        payload[39] = (byte) (0xffff - sum);
        return build(transport, payload, 0);
    }

    private static byte[] build(Transport transport, byte[] payload, int flow) {
        byte[] frame = new byte[transport.headers() + payload.length];
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        bytes.put(MACS);
        int segment = frame.length - transport.start();
        if (transport.ip == 4) {
            bytes.putShort((short) 0x0800).putShort((short) 0x4500).putShort((short) (20 + segment));
            bytes.putInt(0x00004000)
                    .put((byte) 64)
                    .put((byte) transport.protocol)
                    .putShort((short) 0);
            bytes.putInt(0x0a000001).putInt(0x0a000002);
            bytes.putShort(24, (short) ~sum16(frame, ETHERNET, 20));
        } else {
            bytes.putShort((short) 0x86dd).putInt(0x60000000).putShort((short) segment);
            bytes.put((byte) transport.protocol).put((byte) 64);
            bytes.putLong(0xfd00000000000000L)
                    .putLong(1)
                    .putLong(0xfd00000000000000L)
                    .putLong(2);
        }
        bytes.putShort((short) (10_000 + flow)).putShort((short) 20_000);
        if (transport.protocol == 6) {
            bytes.putInt(1)
                    .putInt(1)
                    .putShort((short) 0x5010)
                    .putShort((short) 0xffff)
                    .putInt(0);
        } else {
            bytes.putShort((short) segment).putShort((short) 0);
        }
        bytes.put(payload);
        int sum = ~transportSum(transport, frame) & 0xffff;
        return withChecksum(transport, frame, sum == 0 ? 0xffff : sum);
    }

    /** {@code frame} with only the pseudo-header's sum in its checksum field, as a stack leaves it to the device. */
    public static byte[] partial(Transport transport, byte[] frame) {
        return withChecksum(transport, frame, fold(pseudoHeader(transport, frame)));
    }

    /** {@code frame} as a device leaves it whose stack asked for the checksum. */
    public static byte[] completed(Transport transport, byte[] frame) {
        int sum = ~transportSum(transport, withChecksum(transport, frame, 0)) & 0xffff;
        return withChecksum(transport, frame, sum == 0 ? 0xffff : sum);
    }

    private static byte[] withChecksum(Transport transport, byte[] frame, int value) {
        byte[] copy = frame.clone();
        ByteBuffer.wrap(copy).putShort(transport.checksumAt(), (short) value);
        return copy;
    }

    /** Whether a receiver would accept the transport checksum. */
    public static boolean checksumIsValid(Transport transport, byte[] frame) {
        return transportSum(transport, frame) == 0xffff;
    }

    static int transportSum(Transport transport, byte[] frame) {
        return fold(pseudoHeader(transport, frame) + sum(frame, transport.start(), frame.length - transport.start()));
    }

    private static long pseudoHeader(Transport transport, byte[] frame) {
        int addresses = transport.ip == 4 ? 8 : 32;
        return sum(frame, transport.start() - addresses, addresses)
                + transport.protocol
                + (frame.length - transport.start());
    }

    private static long sum(byte[] bytes, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (long) (bytes[from + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    static int sum16(byte[] bytes, int from, int length) {
        return fold(sum(bytes, from, length));
    }

    private static int fold(long sum) {
        long s = sum;
        while (s > 0xffff) {
            s = (s & 0xffff) + (s >>> 16);
        }
        return (int) s;
    }

    /** {@code frame} with a VLAN tag after its addresses. */
    public static byte[] tagged(byte[] frame, int tpid, int tci) {
        ByteBuffer tagged = ByteBuffer.allocate(frame.length + 4);
        tagged.put(frame, 0, 12).putShort((short) tpid).putShort((short) tci);
        return tagged.put(frame, 12, frame.length - 12).array();
    }
}
