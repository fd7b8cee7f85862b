package io.sluice.worker.lab;

import io.sluice.worker.lab.Frames.Transport;
import java.nio.ByteBuffer;
import java.util.Random;

/** Packets of one flow, one after the other, as a sender without offloads numbers them. */
public final class Flow {
    private static final int FLAGS = 13;

    private final Transport transport;
    private final int number;
    private final Random random;
    private int sequence;
    private int id;

    /** @param number which flow: another number, another source port */
    public Flow(Transport transport, int number) {
        this.transport = transport;
        this.number = number;
        this.random = new Random(number);
        this.sequence = random.nextInt();
        this.id = random.nextInt();
    }

    /** The next packet, with {@code payload} random bytes and right checksums. */
    public byte[] next(int payload) {
        byte[] frame = Frames.transport(transport, payload, number);
        byte[] content = new byte[payload];
        random.nextBytes(content);
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        bytes.put(transport.headers(), content);
        if (transport == Transport.TCP4 || transport == Transport.UDP4) {
            bytes.putShort(Frames.ETHERNET + 4, (short) id++);
        }
        if (isTcp()) {
            bytes.putInt(transport.start() + 4, sequence);
            sequence += payload;
        }
        return sealed(frame);
    }

    /** The same with other TCP flags. */
    public byte[] flagged(byte[] frame, int flags) {
        byte[] copy = frame.clone();
        copy[transport.start() + FLAGS] = (byte) flags;
        return sealed(copy);
    }

    /** The same with another value of a byte, and right checksums again. */
    public byte[] changed(byte[] frame, int at, int value) {
        byte[] copy = frame.clone();
        copy[at] = (byte) value;
        return sealed(copy);
    }

    /** The same with options, a multiple of 4 bytes, after the TCP header. */
    public byte[] withOptions(byte[] frame, byte[] options) {
        int end = transport.start() + 20;
        ByteBuffer longer = ByteBuffer.allocate(frame.length + options.length);
        longer.put(frame, 0, end).put(options).put(frame, end, frame.length - end);
        longer.put(transport.start() + 12, (byte) ((20 + options.length) << 2));
        int lengthAt = Frames.ETHERNET + (isIpv4() ? 2 : 4);
        longer.putShort(lengthAt, (short) (longer.getShort(lengthAt) + options.length));
        return sealed(longer.array());
    }

    /** {@code frame} with its checksums computed anew. */
    public byte[] sealed(byte[] frame) {
        byte[] copy = frame.clone();
        ByteBuffer bytes = ByteBuffer.wrap(copy);
        if (isIpv4()) {
            bytes.putShort(Frames.ETHERNET + 10, (short) 0);
            bytes.putShort(Frames.ETHERNET + 10, (short) ~Frames.sum16(copy, Frames.ETHERNET, 20));
        }
        bytes.putShort(transport.checksumAt(), (short) 0);
        int sum = ~Frames.transportSum(transport, copy) & 0xffff;
        bytes.putShort(transport.checksumAt(), (short) (sum == 0 && !isTcp() ? 0xffff : sum));
        return copy;
    }

    private boolean isTcp() {
        return transport == Transport.TCP4 || transport == Transport.TCP6;
    }

    private boolean isIpv4() {
        return transport == Transport.TCP4 || transport == Transport.UDP4;
    }
}
