package io.sluice.worker.codec;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * A network service header (RFC 8300) around an Ethernet frame, inside Ethernet, VXLAN-GPE or GRE.
 *
 * <pre>
 *  0 version 2, O, reserved, TTL 6, length 6 (words)   2 reserved 4, MD type 4   3 next protocol
 *  4 service path 24   7 service index   8 MD 1: 16 bytes of context; MD 2: type-length-values
 * </pre>
 *
 * @param mdType 1: sends 16 bytes of context; 2: sends none. Received ones may have either
 * @param rxPath service path that is received, 24 bits
 * @param rxIndex service index that is received, 1..255; empty: any but 0
 * @param txPath service path that is sent, 24 bits
 * @param txIndex service index that is sent, 1..255
 * @param ttl hops that are sent, 1..63
 * @param contextHigh first 8 bytes of context
 * @param contextLow last 8 bytes of context
 */
public record Nsh(
        int mdType,
        int rxPath,
        OptionalInt rxIndex,
        int txPath,
        int txIndex,
        int ttl,
        long contextHigh,
        long contextLow) {
    /** In an Ethernet or GRE header. */
    public static final int ETHERTYPE = 0x894f;

    /** Hops where nobody says otherwise. */
    public static final int MAX_TTL = 63;

    private static final int BASE = 8;
    private static final int MD1 = 24;
    private static final int OAM = 0x2000;
    private static final int ETHERNET = 3;

    public Nsh {
        require(mdType == 1 || mdType == 2, "MD type " + mdType + ": 1 and 2 exist");
        require(isPath(rxPath) && isPath(txPath), "a service path has 24 bits: 0 to 16777215");
        require(isIndex(txIndex) && (rxIndex.isEmpty() || isIndex(rxIndex.getAsInt())), "a service index: 1 to 255");
        require(ttl > 0 && ttl <= MAX_TTL, "TTL " + ttl + ": 1 to 63 are possible");
        require(mdType == 1 || (contextHigh | contextLow) == 0, "context is of MD type 1");
    }

    private static boolean isPath(int path) {
        return path >= 0 && path < 1 << 24;
    }

    private static boolean isIndex(int index) {
        return index > 0 && index <= 255;
    }

    private static void require(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Set in keys of tunnels that carry NSH, so that those of frames are others; below it index 8, path and carrier 48. */
    private static final long KEYED = 1L << 56;

    private static final int INDEX_SHIFT = 48;
    private static final long CARRIER = (1L << INDEX_SHIFT) - 1;

    /** What {@link Protocol#key} says of packets for this path on a carrier with this key. */
    long key(long carrier) {
        return key(carrier, rxPath, rxIndex.orElse(0));
    }

    /** The same of the header at {@code at}, or {@link Drop#SHORT}. */
    static long key(ByteBuffer bytes, int at, int length, long carrier) {
        if (length < BASE) {
            return Drop.SHORT.code();
        }
        return key(carrier, NetworkOrder.u24(bytes, at + 4), NetworkOrder.u8(bytes, at + 7));
    }

    /** A VNI and a path fit into 48 bits. GRE's key and a path are mixed, and its session compares the key again. */
    private static long key(long carrier, int path, int index) {
        long mixed = (carrier >>> 24 == 0 ? carrier : carrier * 0x9e3779b97f4a7c15L) ^ (long) path << 24;
        return KEYED | (long) index << INDEX_SHIFT | (mixed & CARRIER);
    }

    /** The key of the tunnel that takes any index of the path that {@code key} is of; the same for what is no path. */
    public static long anyIndex(long key) {
        return (key & KEYED) == 0 ? key : key & (KEYED | CARRIER);
    }

    /** Bytes that {@link #write} writes. */
    int overhead() {
        return mdType == 1 ? MD1 : BASE;
    }

    /** Writes the header at {@code at}. */
    void write(ByteBuffer bytes, int at) {
        NetworkOrder.put16(bytes, at, ttl << 6 | overhead() / 4);
        NetworkOrder.put16(bytes, at + 2, mdType << 8 | ETHERNET);
        NetworkOrder.put32(bytes, at + 4, txPath << 8 | txIndex);
        if (mdType == 1) {
            NetworkOrder.put64(bytes, at + 8, contextHigh);
            NetworkOrder.put64(bytes, at + 16, contextLow);
        }
    }

    /** Bytes of the header at {@code at}, of a packet with {@code length} bytes from there, or a {@link Drop#code()}. */
    int strip(ByteBuffer bytes, int at, int length) {
        int header = check(bytes, at, length);
        if (header < 0) {
            return header;
        }
        if (NetworkOrder.u8(bytes, at + 3) != ETHERNET) {
            return Drop.PROTOCOL.code();
        }
        int index = NetworkOrder.u8(bytes, at + 7);
        boolean expected = rxIndex.isEmpty() ? index != 0 : index == rxIndex.getAsInt();
        if (NetworkOrder.u24(bytes, at + 4) != rxPath || !expected) {
            return Drop.SERVICE_PATH.code();
        }
        return hops(NetworkOrder.u16(bytes, at)) == 0 ? Drop.TTL.code() : header;
    }

    /** What is the same for every path: bytes of the header, or a {@link Drop#code()}. */
    private static int check(ByteBuffer bytes, int at, int length) {
        if (length < BASE) {
            return Drop.SHORT.code();
        }
        int first = NetworkOrder.u16(bytes, at);
        if (first >>> 14 != 0) {
            return Drop.VERSION.code();
        }
        if ((first & OAM) != 0) {
            return Drop.CONTROL.code();
        }
        int header = (first & 0x3f) * 4;
        int type = bytes.get(at + 2) & 0xf;
        if ((type == 1 && header != MD1) || (type == 2 && header < BASE) || (type != 1 && type != 2)) {
            return Drop.HEADER.code();
        }
        return header > length ? Drop.SHORT.code() : header;
    }

    /** TTL after this hop: one less, and 0 wraps to 63 (RFC 8300, 2.2). */
    private static int hops(int first) {
        return ((first >>> 6 & MAX_TTL) - 1) & MAX_TTL;
    }

    /**
     * What a forwarder does with a header that it keeps: takes a hop from its TTL, and {@code steps} from its index if it is
     * a service function too.
     *
     * @param at first byte of the header
     * @param length bytes from there to the packet's end
     * @return bytes of the header, or a {@link Drop#code()}; then it is unchanged
     */
    public static int forward(ByteBuffer bytes, int at, int length, int steps) {
        int header = check(bytes, at, length);
        if (header < 0) {
            return header;
        }
        int first = NetworkOrder.u16(bytes, at);
        int index = NetworkOrder.u8(bytes, at + 7) - steps;
        if (index <= 0) {
            return Drop.SERVICE_PATH.code();
        }
        if (hops(first) == 0) {
            return Drop.TTL.code();
        }
        NetworkOrder.put16(bytes, at, (first & ~(MAX_TTL << 6)) | hops(first) << 6);
        bytes.put(at + 7, (byte) index);
        return header;
    }
}
