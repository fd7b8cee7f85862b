package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/**
 * GRE (RFC 2784, RFC 2890).
 *
 * <pre>
 *  0 C 80, reserved 40, K 20, S 10, reserved 0c   1 version 07   2 payload   [checksum 2, 0 2] [key 4] [sequence 4]
 * </pre>
 *
 * Packets with or without sequence number and checksum are taken whatever is sent, as RFC 2890 has it; UML and the kernel
 * want the flags that they send themselves.
 */
final class GreSession implements Session {
    private static final int CHECKSUM = 0x8000;
    private static final int KEY = 0x2000;
    private static final int SEQUENCE = 0x1000;

    /** Bits 1, 4 and 5, RFC 1701's: a packet with one of them has a layout that we don't know (RFC 2784, 2.3). */
    private static final int UNKNOWN = 0x4c00;

    private static final int VERSION = 7;
    private static final int ETHERNET = 0x6558;

    private final Nsh nsh;
    private final int protocol;
    private final int flags;
    private final long rxKey;
    private final int txKey;
    private final boolean pinned;
    private final int header;
    private final int overhead;
    private final SequenceTracker tracker = new SequenceTracker();
    private int sequence;

    GreSession(Encapsulation.Gre gre) {
        boolean counted = gre.sequence() != Counting.NONE;
        nsh = gre.nsh().orElse(null);
        protocol = nsh == null ? ETHERNET : Nsh.ETHERTYPE;
        rxKey = gre.rxKey().isPresent() ? Encapsulation.Gre.keyed(gre.rxKey().getAsInt()) : 0;
        txKey = gre.txKey().orElse(0);
        flags = (gre.checksum() ? CHECKSUM : 0) | (gre.txKey().isPresent() ? KEY : 0) | (counted ? SEQUENCE : 0);
        pinned = gre.sequence() == Counting.PINNED;
        sequence = pinned ? 0 : gre.firstSequence();
        header = length(flags);
        overhead = header + (nsh == null ? 0 : nsh.overhead());
    }

    private static int length(int flags) {
        return 4 + ((flags & CHECKSUM) >>> 13) + ((flags & KEY) >>> 11) + ((flags & SEQUENCE) >>> 10);
    }

    static long key(ByteBuffer bytes, int offset, int length) {
        if (length < 4) {
            return Drop.SHORT.code();
        }
        int flags = NetworkOrder.u16(bytes, offset);
        if ((flags & VERSION) != 0) {
            return Drop.VERSION.code();
        }
        if ((flags & UNKNOWN) != 0) {
            return Drop.FLAGS.code();
        }
        if (length(flags) > length) {
            return Drop.SHORT.code();
        }
        long key = carrier(bytes, offset, flags);
        int header = length(flags);
        boolean nsh = NetworkOrder.u16(bytes, offset + 2) == Nsh.ETHERTYPE;
        return nsh ? Nsh.key(bytes, offset + header, length - header, key) : key;
    }

    private static long carrier(ByteBuffer bytes, int offset, int flags) {
        return (flags & KEY) == 0 ? 0 : Encapsulation.Gre.keyed(NetworkOrder.i32(bytes, keyAt(offset, flags)));
    }

    private static int keyAt(int offset, int flags) {
        return offset + ((flags & CHECKSUM) != 0 ? 8 : 4);
    }

    @Override
    public int overhead() {
        return overhead;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        int start = offset - overhead;
        NetworkOrder.put16(bytes, start, flags);
        NetworkOrder.put16(bytes, start + 2, protocol);
        int at = keyAt(start, flags);
        if ((flags & KEY) != 0) {
            NetworkOrder.put32(bytes, at, txKey);
            at += 4;
        }
        if ((flags & SEQUENCE) != 0) {
            NetworkOrder.put32(bytes, at, sequence);
            sequence += pinned ? 0 : 1;
        }
        if (nsh != null) {
            nsh.write(bytes, start + header);
        }
        if ((flags & CHECKSUM) != 0) {
            bytes.putInt(start + 4, 0);
            NetworkOrder.put16(bytes, start + 4, ~Checksum.fold(Checksum.sum(bytes, start, overhead + length)));
        }
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        int got = NetworkOrder.u16(bytes, offset);
        if (NetworkOrder.u16(bytes, offset + 2) != protocol) {
            return Drop.PROTOCOL.code();
        }
        if ((got & CHECKSUM) != 0 && Checksum.fold(Checksum.sum(bytes, offset, length)) != 0xffff) {
            return Drop.CHECKSUM.code();
        }
        if (nsh != null && carrier(bytes, offset, got) != rxKey) { // Protocol.key mixes it with the path
            return Drop.SERVICE_PATH.code();
        }
        int gre = length(got);
        if ((got & SEQUENCE) != 0) {
            tracker.saw(NetworkOrder.i32(bytes, offset + gre - 4));
        }
        if (nsh == null) {
            return gre;
        }
        int inner = nsh.strip(bytes, offset + gre, length - gre);
        return inner < 0 ? inner : gre + inner;
    }

    @Override
    public long outOfOrder() {
        return tracker.outOfOrder();
    }
}
