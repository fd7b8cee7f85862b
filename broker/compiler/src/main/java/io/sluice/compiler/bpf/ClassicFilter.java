package io.sluice.compiler.bpf;

import java.util.List;

/**
 * A filter in classic BPF, as libpcap compiles it: for Ethernet frames as they are on the wire, tags included. It only
 * exists if it could be attached to a socket: jumps lead forward to an instruction, and each path ends in a return.
 *
 * <p>Source: Documentation/networking/filter.rst of the kernel.
 *
 * @param instructions 1 to 4096
 */
public record ClassicFilter(List<Instruction> instructions) {
    private static final int MAX_INSTRUCTIONS = 4096;
    /** Words of scratch memory. */
    public static final int MEMORY = 16;

    /**
     * struct sock_filter.
     *
     * @param code what to do, 16 bits
     * @param jt how many instructions a jump skips if its condition holds, 0 to 255
     * @param jf the same if it does not
     * @param k the constant, 32 bits
     */
    public record Instruction(int code, int jt, int jf, int k) {
        @Override
        public String toString() {
            return String.format("{ 0x%02x, %d, %d, 0x%08x }", code, jt, jf, k);
        }
    }

    /** Throws IllegalArgumentException if an instruction is unknown, leads nowhere, or nothing can ever match. */
    public ClassicFilter {
        instructions = List.copyOf(instructions);
        int size = instructions.size();
        Assembler.require(size > 0 && size <= MAX_INSTRUCTIONS, "a filter has 1 to 4096 instructions, not " + size);
        for (int i = 0; i < size; i++) {
            Instruction insn = instructions.get(i);
            String where = "instruction " + i + " of the filter, " + insn + ", ";
            Assembler.require(known(insn), where + "is unknown or has an operand that it must not have");
            boolean inside = insn.code == 0x05
                    ? Integer.compareUnsigned(insn.k, size - 1 - i) < 0
                    : (insn.code & 7) == 6 || i + 1 + Math.max(insn.jt, insn.jf) < size;
            Assembler.require(inside, where + "leads behind the end");
        }
        boolean[] reached = reached(instructions);
        boolean matches = false;
        for (int i = 0; i < size; i++) {
            Instruction insn = instructions.get(i);
            matches |= reached[i] && (insn.code == 0x16 || (insn.code == 0x06 && insn.k != 0));
        }
        Assembler.require(matches, "no frame can match the filter");
    }

    /** Which instructions there is a path to. The verifier refuses programs that have others. */
    static boolean[] reached(List<Instruction> instructions) {
        boolean[] reached = new boolean[instructions.size()];
        reached[0] = true;
        for (int i = 0; i < reached.length; i++) {
            Instruction insn = instructions.get(i);
            if (reached[i] && insn.code == 0x05) {
                reached[i + 1 + insn.k] = true;
            } else if (reached[i] && (insn.code & 7) == 5) {
                reached[i + 1 + insn.jt] = true;
                reached[i + 1 + insn.jf] = true;
            } else if (reached[i] && (insn.code & 7) != 6) {
                reached[i + 1] = true;
            }
        }
        return reached;
    }

    /** What the kernel's own check accepts, but for loads from negative offsets: packet data is all that there is. */
    private static boolean known(Instruction insn) {
        boolean jump = (insn.code & 7) == 5 && insn.code != 0x05;
        if (insn.jt < 0 || insn.jt > 255 || insn.jf < 0 || insn.jf > 255 || (!jump && (insn.jt | insn.jf) != 0)) {
            return false;
        }
        return switch (insn.code) {
            case 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1 -> insn.k >= 0; // LD ABS, LD IND, LDX MSH
            case 0x60, 0x61, 0x02, 0x03 -> insn.k >= 0 && insn.k < MEMORY; // LD MEM, LDX MEM, ST, STX
            case 0x34, 0x94 -> insn.k != 0; // DIV, MOD
            case 0x64, 0x74 -> insn.k >= 0 && insn.k < 32; // LSH, RSH
            case 0x00, 0x01, 0x80, 0x81 -> true; // LD and LDX: IMM, LEN
            case 0x04, 0x14, 0x24, 0x44, 0x54, 0xa4, 0x84 -> true; // ADD, SUB, MUL, OR, AND, XOR, NEG
            case 0x0c, 0x1c, 0x2c, 0x3c, 0x4c, 0x5c, 0x6c, 0x7c, 0x9c, 0xac -> true; // the same with X
            case 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d -> true; // JA, JEQ, JGT, JGE, JSET
            case 0x06, 0x16, 0x07, 0x87 -> true; // RET K, RET A, TAX, TXA
            default -> false;
        };
    }
}
