package io.sluice.worker.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Big-endian fields in a buffer of either byte order; pools have the host's. Absolute positions, which must be inside. */
public final class NetworkOrder {
    private NetworkOrder() {}

    /** The u8 at {@code at}. */
    public static int u8(ByteBuffer bytes, int at) {
        return bytes.get(at) & 0xff;
    }

    /** The u16 at {@code at}. */
    public static int u16(ByteBuffer bytes, int at) {
        short value = bytes.getShort(at);
        return (isBig(bytes) ? value : Short.reverseBytes(value)) & 0xffff;
    }

    /** The u24 at {@code at}. */
    public static int u24(ByteBuffer bytes, int at) {
        return u8(bytes, at) << 16 | u16(bytes, at + 1);
    }

    /** The 32 bits at {@code at}. */
    public static int i32(ByteBuffer bytes, int at) {
        int value = bytes.getInt(at);
        return isBig(bytes) ? value : Integer.reverseBytes(value);
    }

    /** The u32 at {@code at}. */
    public static long u32(ByteBuffer bytes, int at) {
        return i32(bytes, at) & 0xffffffffL;
    }

    /** The 64 bits at {@code at}. */
    public static long i64(ByteBuffer bytes, int at) {
        long value = bytes.getLong(at);
        return isBig(bytes) ? value : Long.reverseBytes(value);
    }

    /** Writes the low 16 bits of {@code value}. */
    public static void put16(ByteBuffer bytes, int at, int value) {
        bytes.putShort(at, isBig(bytes) ? (short) value : Short.reverseBytes((short) value));
    }

    /** Writes 32 bits. */
    public static void put32(ByteBuffer bytes, int at, int value) {
        bytes.putInt(at, isBig(bytes) ? value : Integer.reverseBytes(value));
    }

    /** Writes 64 bits. */
    public static void put64(ByteBuffer bytes, int at, long value) {
        bytes.putLong(at, isBig(bytes) ? value : Long.reverseBytes(value));
    }

    private static boolean isBig(ByteBuffer bytes) {
        return bytes.order() == ByteOrder.BIG_ENDIAN;
    }
}
