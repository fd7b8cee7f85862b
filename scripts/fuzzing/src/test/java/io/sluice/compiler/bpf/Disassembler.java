package io.sluice.compiler.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a program back, by the tables of RFC 9669 and none of the assembler's: one text an instruction, in the manner of
 * ubpf: {@code add64 r1, -8}, {@code ldxw r2, [r1+16]}, {@code jeq32 r1, 5, @7}; a jump has the slot that it leads to.
 * Fields that an instruction does not use have to be 0.
 */
final class Disassembler {
    private static final String[] ALU = {
        "add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "neg", "mod", "xor", "mov", "arsh"
    };
    private static final String[] JUMP = {
        "ja", "jeq", "jgt", "jge", "jset", "jne", "jsgt", "jsge", "call", "exit", "jlt", "jle", "jslt", "jsle"
    };
    private static final String[] SIZE = {"w", "h", "b", "dw"};

    private final ByteBuffer code;
    private int slot;
    private int opcode;
    private int dst;
    private int src;
    private int offset;
    private int constant;

    private Disassembler(ByteBuffer code) {
        this.code = code.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The instructions from position 0 to the limit. Throws IllegalArgumentException at what is none. */
    static List<String> of(ByteBuffer code) {
        Disassembler disassembler = new Disassembler(code);
        List<String> texts = new ArrayList<>();
        while (disassembler.slot * 8 < code.limit()) {
            texts.add(disassembler.next());
        }
        return texts;
    }

    private String next() {
        read();
        return switch (opcode & 7) {
            case 0 -> wide();
            case 1 -> "ldx" + memory("dst") + unused(constant);
            case 2 -> "st" + memory("constant") + unused(src);
            case 3 -> stx();
            case 4 -> opcode == 0xdc ? "be" + constant + " r" + dst + unused(src | offset) : alu("32");
            case 7 -> alu("64");
            case 5 -> jump("");
            default -> jump("32");
        };
    }

    private void read() {
        int at = slot * 8;
        opcode = code.get(at) & 0xff;
        dst = code.get(at + 1) & 0xf;
        src = code.get(at + 1) >> 4 & 0xf;
        offset = code.getShort(at + 2);
        constant = code.getInt(at + 4);
        slot++;
        require(dst <= 10 && src <= 10);
    }

    private String wide() {
        require(opcode == 0x18);
        long low = Integer.toUnsignedLong(constant);
        String text = "lddw r" + dst + unused(src | offset);
        read();
        return text + ", " + (low | (long) constant << 32) + unused(opcode | dst | src | offset);
    }

    /** The size and the operands of a load or store; what is moved is in the field that is named. */
    private String memory(String moved) {
        require((opcode & 0xe0) == 0x60);
        String size = SIZE[opcode >> 3 & 3];
        return switch (moved) {
            case "dst" -> size + " r" + dst + ", " + place(src);
            case "src" -> size + " " + place(dst) + ", r" + src;
            default -> size + " " + place(dst) + ", " + constant;
        };
    }

    private String stx() {
        if ((opcode & 0xe0) == 0xc0) {
            require(constant == 0);
            opcode = (opcode & 0x1f) | 0x60;
            return "xadd" + memory("src");
        }
        return "stx" + memory("src") + unused(constant);
    }

    private String place(int register) {
        return "[r" + register + (offset < 0 ? "" : "+") + offset + "]";
    }

    private String alu(String bits) {
        require(opcode >> 4 < ALU.length && opcode >> 4 != 8);
        return ALU[opcode >> 4] + bits + " r" + dst + ", " + second() + unused(offset);
    }

    private String second() {
        boolean register = (opcode & 8) != 0;
        return (register ? "r" + src : "" + constant) + unused(register ? constant : src);
    }

    private String jump(String bits) {
        int operation = opcode >> 4;
        require(operation < JUMP.length && (bits.isEmpty() || (operation != 0 && operation != 8 && operation != 9)));
        String name = JUMP[operation] + bits;
        String target = "@" + (slot + offset);
        return switch (operation) {
            case 0 -> name + " " + target + unused((opcode & 8) | dst | src | constant);
            case 8 -> name + " " + constant + unused((opcode & 8) | dst | src | offset);
            case 9 -> name + unused((opcode & 8) | dst | src | offset | constant);
            default -> name + " r" + dst + ", " + second() + ", " + target;
        };
    }

    private String unused(int value) {
        require(value == 0);
        return "";
    }

    private void require(boolean condition) {
        if (!condition) {
            throw new IllegalArgumentException("no instruction: slot " + (slot - 1) + " of " + code);
        }
    }
}
