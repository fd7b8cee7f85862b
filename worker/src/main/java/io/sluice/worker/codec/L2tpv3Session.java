package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/**
 * L2TPv3 data messages (RFC 3931, RFC 4719) with UML's and QEMU's counter in the place of the sublayer.
 *
 * <pre>
 *  over UDP: flags 2 (T 8000, version 000f)  0 2 | session 4 | cookie 0, 4 or 8 | counter 0 or 4 | padding | frame
 *  over IP:                                        session 4, 0 for control | the same
 * </pre>
 */
final class L2tpv3Session implements Session {
    private static final int VERSION_3 = 0x0003_0000;
    private static final int CONTROL = 0x8000;
    private static final int VERSION = 0xf;

    private final int prefix;
    private final int txSession;
    private final Encapsulation.Cookie rxCookie;
    private final Encapsulation.Cookie txCookie;
    private final boolean counted;
    private final boolean pinned;
    private final int padding;
    private final int rxHeader;
    private final int overhead;
    private int counter;

    L2tpv3Session(Encapsulation.L2tpv3 l2tp) {
        prefix = l2tp.overUdp() ? 4 : 0;
        txSession = l2tp.txSession();
        rxCookie = l2tp.rxCookie();
        txCookie = l2tp.txCookie();
        counted = l2tp.counter() != Counting.NONE;
        pinned = l2tp.counter() == Counting.PINNED;
        counter = pinned ? 0 : l2tp.firstCounter();
        padding = l2tp.offset();
        int common = prefix + 4 + l2tp.counter().size() + padding;
        rxHeader = common + rxCookie.size();
        overhead = common + txCookie.size();
    }

    static long keyOverUdp(ByteBuffer bytes, int offset, int length) {
        if (length < 8) {
            return Drop.SHORT.code();
        }
        int flags = NetworkOrder.u16(bytes, offset);
        if ((flags & CONTROL) != 0) {
            return Drop.CONTROL.code();
        }
        return (flags & VERSION) == 3 ? NetworkOrder.u32(bytes, offset + 4) : Drop.VERSION.code();
    }

    static long keyOverIp(ByteBuffer bytes, int offset, int length) {
        if (length < 4) {
            return Drop.SHORT.code();
        }
        long session = NetworkOrder.u32(bytes, offset);
        return session == 0 ? Drop.CONTROL.code() : session;
    }

    @Override
    public int overhead() {
        return overhead;
    }

    @Override
    public void encapsulate(ByteBuffer bytes, int offset, int length) {
        int at = offset - overhead;
        if (prefix > 0) {
            NetworkOrder.put32(bytes, at, VERSION_3);
            at += prefix;
        }
        NetworkOrder.put32(bytes, at, txSession);
        at += 4;
        if (txCookie.size() == 4) {
            NetworkOrder.put32(bytes, at, (int) txCookie.value());
        } else if (txCookie.size() == 8) {
            NetworkOrder.put64(bytes, at, txCookie.value());
        }
        at += txCookie.size();
        if (counted) {
            NetworkOrder.put32(bytes, at, counter);
            counter += pinned ? 0 : 1;
            at += 4;
        }
        for (; at < offset; at++) {
            bytes.put(at, (byte) 0);
        }
    }

    @Override
    public int strip(ByteBuffer bytes, int offset, int length) {
        if (length < rxHeader) {
            return Drop.SHORT.code();
        }
        int at = offset + prefix + 4;
        boolean right = switch (rxCookie.size()) {
            case 4 -> NetworkOrder.u32(bytes, at) == rxCookie.value();
            case 8 -> NetworkOrder.i64(bytes, at) == rxCookie.value();
            default -> true;
        };
        return right ? rxHeader : Drop.COOKIE.code();
    }
}
