package io.sluice.lab.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a filter as the kernel would, so far as the compiler's instructions go. */
final class Machine {
    private final ByteBuffer code;

    Machine(byte[] program) {
        this.code = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The verdict on one call. */
    int verdict(int architecture, int number, long... arguments) {
        ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        data.putInt(0, number).putInt(4, architecture);
        for (int i = 0; i < arguments.length; i++) {
            data.putLong(16 + 8 * i, arguments[i]);
        }
        int accumulator = 0;
        for (int at = 0; ; at++) {
            int k = code.getInt(8 * at + 4);
            switch (code.getShort(8 * at)) {
                case 0x20 -> accumulator = data.getInt(k);
                case 0x54 -> accumulator &= k;
                case 0x15 -> at += jump(at, accumulator == k);
                case 0x35 -> at += jump(at, Integer.compareUnsigned(accumulator, k) >= 0);
                case 0x06 -> {
                    return k;
                }
                default -> throw new AssertionError("instruction " + at + " is not one that we emit");
            }
        }
    }

    private int jump(int at, boolean taken) {
        return Byte.toUnsignedInt(code.get(8 * at + (taken ? 2 : 3)));
    }
}
