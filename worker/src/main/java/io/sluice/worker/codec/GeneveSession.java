package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/**
 * Geneve (RFC 8926).
 *
 * <pre>
 *  0 version 2, option words 6   1 O 80, C 40, reserved   2 payload   4 VNI 24   7 reserved   8 options
 *  option: class 2, type 1 (80: critical), reserved 3 and words 5, data
 * </pre>
 *
 * We know no option. Reserved bits are ignored, as the RFC asks.
 */
final class GeneveSession implements Session {
    private static final int HEADER = 8;
    private static final int ETHERNET = 0x6558;
    private static final int OAM = 0x80;
    private static final int CRITICAL = 0x80;

    private final int vni;

    GeneveSession(Encapsulation.Geneve geneve) {
        vni = geneve.vni();
    }

    static long key(ByteBuffer bytes, int offset, int length) {
        if (length < HEADER) {
            return Drop.SHORT.code();
        }
        int first = NetworkOrder.u8(bytes, offset);
        if (first >>> 6 != 0) {
            return Drop.VERSION.code();
        }
        if (HEADER + first * 4 > length) {
            return Drop.SHORT.code();
        }
        boolean control = (bytes.get(offset + 1) & OAM) != 0;
        return control ? Drop.CONTROL.code() : NetworkOrder.u24(bytes, offset + 4);
    }

    @Override
    public int overhead() {
        return HEADER;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        NetworkOrder.put32(bytes, offset - HEADER, ETHERNET);
        NetworkOrder.put32(bytes, offset - 4, vni << 8);
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        if (NetworkOrder.u16(bytes, offset + 2) != ETHERNET) {
            return Drop.PROTOCOL.code();
        }
        int header = HEADER + bytes.get(offset) * 4; // the version, 0, is what would make it negative
        return header == HEADER ? HEADER : options(bytes, offset + HEADER, offset + header, header);
    }

    /** Looks for what must not be skipped; returns {@code header} or a {@link Drop#code()}. */
    private static int options(ByteBuffer bytes, int from, int end, int header) {
        int at = from;
        while (at < end) { // options are whole words, and so is what is left
            if ((bytes.get(at + 2) & CRITICAL) != 0) {
                return Drop.CRITICAL.code();
            }
            at += 4 + (bytes.get(at + 3) & 0x1f) * 4;
        }
        return at == end ? header : Drop.HEADER.code();
    }
}
