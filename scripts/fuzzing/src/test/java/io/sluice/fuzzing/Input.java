package io.sluice.fuzzing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The fuzzer's bytes, read from the front, big-endian, so that a seed can be written by hand; zeros behind their end. */
public final class Input {
    private final ByteBuffer bytes;

    public Input(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
    }

    /** How many bytes are left. */
    public int left() {
        return bytes.remaining();
    }

    /** A number of 8 bits. */
    public int u8() {
        return bytes.hasRemaining() ? bytes.get() & 0xff : 0;
    }

    /** A number of 16 bits. */
    public int u16() {
        return u8() << 8 | u8();
    }

    /** A number of 32 bits, with sign. */
    public int i32() {
        return u16() << 16 | u16();
    }

    /** One of the values. */
    @SafeVarargs
    public final <T> T any(T... values) {
        return values[u8() % values.length];
    }

    /** The next {@code length} bytes, or fewer if there are no more. */
    public byte[] bytes(int length) {
        byte[] next = new byte[Math.min(length, bytes.remaining())];
        bytes.get(next);
        return next;
    }

    /** All bytes that are left. */
    public byte[] rest() {
        return bytes(left());
    }
}
