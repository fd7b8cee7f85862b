package io.sluice.compiler.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs what a program of the police is made of, by the tables of RFC 9669 and none of the assembler's: 64-bit and 32-bit
 * arithmetic without division, loads, adding to memory, jumps forward, and skb_load_bytes. Anything else is an error, and
 * so is an access outside of the context, the stack, or a map's value: what the verifier refuses must not be made.
 */
final class Machine {
    /** The address of the context, struct __sk_buff. */
    private static final long CONTEXT = 1L << 32;

    private static final long STACK = 2L << 32;
    private static final int STACK_BYTES = 512;
    private static final long VALUES = 3L << 32;

    private static final int MAP_VALUE = 2; // BPF_PSEUDO_MAP_VALUE
    private static final int SKB_LOAD_BYTES = 26;
    private static final int UNSET = 0x5a;

    private final ByteBuffer code;
    private final byte[] packet;
    private final Map<Integer, ByteBuffer> memory = new HashMap<>();
    private final Map<Integer, Long> values = new HashMap<>();
    private final long[] registers = new long[11];
    private int slot;
    private int opcode;
    private int dst;
    private int src;
    private int offset;
    private int constant;

    /**
     * Prepares a run.
     *
     * @param code the program, host byte order
     * @param context struct __sk_buff, as the program reads it
     * @param packet what skb_load_bytes reads
     */
    Machine(ByteBuffer code, ByteBuffer context, byte[] packet) {
        this.code = code.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.packet = packet;
        byte[] stack = new byte[STACK_BYTES];
        Arrays.fill(stack, (byte) UNSET);
        memory.put((int) (CONTEXT >> 32), context.duplicate().order(ByteOrder.LITTLE_ENDIAN));
        memory.put((int) (STACK >> 32), ByteBuffer.wrap(stack).order(ByteOrder.LITTLE_ENDIAN));
        registers[1] = CONTEXT;
        registers[10] = STACK + STACK_BYTES;
    }

    /** Puts a map's value where these slots load its address. */
    void value(List<Integer> slots, ByteBuffer value) {
        long address = VALUES + ((long) memory.size() << 32);
        memory.put((int) (address >> 32), value.order(ByteOrder.LITTLE_ENDIAN));
        slots.forEach(at -> values.put(at, address));
    }

    /** Runs to the exit; what is in R0 then. */
    int run() {
        while (true) {
            read();
            switch (opcode & 7) {
                case 0 -> address();
                case 1 -> registers[dst] = load(registers[src] + offset);
                case 3 -> add();
                case 4 -> registers[dst] = Integer.toUnsignedLong((int) arithmetic(true));
                case 7 -> registers[dst] = arithmetic(false);
                case 5, 6 -> {
                    if (opcode == 0x95) {
                        return (int) registers[0];
                    }
                    jump();
                }
                default -> throw unknown();
            }
        }
    }

    private void read() {
        int at = slot * 8;
        opcode = code.get(at) & 0xff;
        dst = code.get(at + 1) & 0xf;
        src = code.get(at + 1) >> 4 & 0xf;
        offset = code.getShort(at + 2);
        constant = code.getInt(at + 4);
        slot++;
    }

    private void address() {
        require(opcode == 0x18 && src == MAP_VALUE && values.containsKey(slot - 1));
        registers[dst] = values.get(slot - 1) + code.getInt(slot * 8 + 4);
        slot++;
    }

    private long load(long address) {
        ByteBuffer from = memory.get((int) (address >> 32));
        int at = (int) address;
        require((opcode & 0xe0) == 0x60 && from != null);
        return switch (opcode >> 3 & 3) {
            case 0 -> Integer.toUnsignedLong(from.getInt(aligned(at, 4)));
            case 1 -> Short.toUnsignedLong(from.getShort(aligned(at, 2)));
            case 2 -> from.get(at) & 0xff;
            default -> from.getLong(aligned(at, 8));
        };
    }

    private void add() {
        require(opcode == 0xdb && constant == 0); // 64 bits, atomically, nothing fetched
        long address = registers[dst] + offset;
        ByteBuffer value = memory.get((int) (address >> 32));
        int at = aligned((int) address, 8);
        value.putLong(at, value.getLong(at) + registers[src]);
    }

    private long arithmetic(boolean narrow) {
        if (opcode == 0xdc) {
            return Long.reverseBytes(registers[dst]) >>> (64 - constant);
        }
        long a = narrow ? (int) registers[dst] : registers[dst];
        long b = second(narrow);
        return switch (opcode >> 4) {
            case 0 -> a + b;
            case 1 -> a - b;
            case 4 -> a | b;
            case 5 -> a & b;
            case 6 -> narrow ? (int) a << b : a << b;
            case 7 -> narrow ? (int) a >>> b : a >>> b;
            case 11 -> b;
            default -> throw unknown();
        };
    }

    private long second(boolean narrow) {
        long second = (opcode & 8) == 0 ? constant : registers[src];
        return narrow ? (int) second : second;
    }

    private void jump() {
        boolean narrow = (opcode & 7) == 6;
        if (opcode == 0x85) {
            skbLoadBytes();
            return;
        }
        long a = narrow ? (int) registers[dst] : registers[dst];
        long b = second(narrow);
        boolean taken = switch (opcode >> 4) {
            case 0 -> true;
            case 1 -> a == b;
            case 2 -> Long.compareUnsigned(a, b) > 0;
            case 4 -> (a & b) != 0;
            case 5 -> a != b;
            case 10 -> Long.compareUnsigned(a, b) < 0;
            default -> throw unknown();
        };
        require(offset >= 0);
        slot += taken ? offset : 0;
    }

    private void skbLoadBytes() {
        require(constant == SKB_LOAD_BYTES && registers[1] == CONTEXT);
        long from = registers[2];
        int length = (int) registers[4];
        ByteBuffer to = memory.get((int) (registers[3] >> 32));
        boolean there = from >= 0 && from + length <= packet.length;
        byte[] bytes = there ? Arrays.copyOfRange(packet, (int) from, (int) from + length) : new byte[length];
        to.put((int) registers[3], bytes); // the kernel clears what it could not fill
        registers[0] = there ? 0 : -14;
        Arrays.fill(registers, 1, 6, UNSET);
    }

    private static int aligned(int at, int bytes) {
        if (at % bytes != 0) {
            throw new IllegalStateException("an access of " + bytes + " bytes at " + at);
        }
        return at;
    }

    private void require(boolean condition) {
        if (!condition) {
            throw unknown();
        }
    }

    private IllegalStateException unknown() {
        return new IllegalStateException(String.format("slot %d: opcode %#x, constant %d", slot - 1, opcode, constant));
    }
}
