package io.sluice.compiler.bpf;

import io.sluice.policy.v1.Symbol;

/**
 * The instructions, to be imported statically. Operands are in the order of an assignment: destination first. A constant
 * is an {@code int}, and 64-bit instructions extend its sign; {@link #loadImm} takes 64 bits. What works on 32 bits clears
 * the upper half of its destination.
 *
 * <p>All throw IllegalArgumentException at what is wrong in itself: R10 as destination, offsets beyond 16 bits, division
 * by the constant 0, constant shifts by the width or more, sizes that the form does not have.
 *
 * <p>Source: Documentation/bpf/standardization/instruction-set.rst of the kernel (RFC 9669). Here is the part that we use
 * of the first version; sign extension, unconditional swaps and long jumps need kernels that 6.1 is not.
 */
public final class Insns {
    private static final int ALU = 0x04;
    private static final int ALU64 = 0x07;
    private static final int JMP = 0x05;
    private static final int JMP32 = 0x06;
    /** Tells a register (BPF_X) from a constant (BPF_K) as second operand. */
    private static final int REGISTER = 0x08;

    private Insns() {}

    /** One slot. Unused registers are R0. */
    record Word(int opcode, Reg dst, Reg src, int offset, int constant) implements Insn {
        Word {
            Assembler.require(offset == (short) offset, "offset " + offset + " does not fit into 16 bits");
        }

        @Override
        public void encode(Assembler out) {
            out.word(opcode, dst, src.number, offset, constant);
        }
    }

    /** A 64-bit constant in two slots; {@code kind} says what its halves mean. */
    record Wide(Reg dst, int kind, int low, int high) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.word(0x18, dst, kind, 0, low);
            out.word(0, Reg.R0, 0, 0, high);
        }
    }

    /** One whose constant the broker puts in. */
    record Relocated(Symbol symbol, Insn insn) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.relocate(symbol);
            insn.encode(out);
        }
    }

    /** One slot whose offset leads to the target. */
    record Jump(int opcode, Reg dst, Reg src, int constant, Label target) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.jump(target);
            out.word(opcode, dst, src.number, 0, constant);
        }
    }

    /** {@code dst = dst op src}. */
    public static Insn alu(AluOp op, Reg dst, Reg src) {
        return new Word(ALU64 | REGISTER | op.code, writable(dst), src, 0, 0);
    }

    /** {@code dst = dst op constant}. */
    public static Insn alu(AluOp op, Reg dst, int constant) {
        return new Word(ALU64 | op.code, writable(dst), Reg.R0, 0, op.checked(constant, 64));
    }

    /** {@code dst = dst op src}, 32 bits. */
    public static Insn alu32(AluOp op, Reg dst, Reg src) {
        return new Word(ALU | REGISTER | op.code, writable(dst), src, 0, 0);
    }

    /** {@code dst = dst op constant}, 32 bits: {@code alu32(MOV, R0, -1)} is 0xFFFFFFFF. */
    public static Insn alu32(AluOp op, Reg dst, int constant) {
        return new Word(ALU | op.code, writable(dst), Reg.R0, 0, op.checked(constant, 32));
    }

    /** {@code dst = src}. */
    public static Insn mov(Reg dst, Reg src) {
        return alu(AluOp.MOV, dst, src);
    }

    /** {@code dst = constant}. */
    public static Insn mov(Reg dst, int constant) {
        return alu(AluOp.MOV, dst, constant);
    }

    /** Converts the lower 16, 32 or 64 bits between host and network byte order; clears the rest. */
    public static Insn bigEndian(Reg dst, int bits) {
        Assembler.require(bits == 16 || bits == 32 || bits == 64, "a byte swap has 16, 32 or 64 bits, not " + bits);
        return new Word(0xdc, writable(dst), Reg.R0, 0, bits);
    }

    /** {@code dst = value}, in two slots. */
    public static Insn loadImm(Reg dst, long value) {
        return new Wide(writable(dst), 0, (int) value, (int) (value >>> 32));
    }

    /** The instruction with the value of a symbol for its constant, which is only known when the program is loaded. */
    public static Insn relocated(Symbol symbol, Insn insn) {
        return new Relocated(symbol, insn);
    }

    /** {@code dst = the map}, for a helper; two slots. */
    public static Insn loadMap(Reg dst, Symbol map) {
        return relocated(map, new Wide(writable(dst), 1, 0, 0));
    }

    /** {@code dst = address of the only value of an array of one + offset}; no null check needed. Two slots. */
    public static Insn loadMapValue(Reg dst, Symbol map, int offset) {
        Assembler.require(offset >= 0, "offset " + offset + " is outside of any value");
        return relocated(map, new Wide(writable(dst), 2, 0, offset));
    }

    /** {@code dst = *(base + offset)}, zero-extended. */
    public static Insn ldx(Size size, Reg dst, Reg base, int offset) {
        return new Word(0x61 | size.code, writable(dst), base, offset, 0);
    }

    /** {@code *(base + offset) = src}. */
    public static Insn stx(Size size, Reg base, int offset, Reg src) {
        return new Word(0x63 | size.code, base, src, offset, 0);
    }

    /** {@code *(base + offset) = constant}. */
    public static Insn st(Size size, Reg base, int offset, int constant) {
        return new Word(0x62 | size.code, base, Reg.R0, offset, constant);
    }

    /** {@code *(base + offset) += src}, at once for all CPUs: W or DW. */
    public static Insn atomicAdd(Size size, Reg base, int offset, Reg src) {
        Assembler.require(size == Size.W || size == Size.DW, "an atomic addition has 32 or 64 bits, not " + size);
        return new Word(0xc3 | size.code, base, src, offset, 0);
    }

    /** {@code goto target}. */
    public static Insn jmp(Label target) {
        return new Jump(JMP, Reg.R0, Reg.R0, 0, target);
    }

    /** {@code if (dst condition src) goto target}. */
    public static Insn jmpIf(Condition condition, Reg dst, Reg src, Label target) {
        return new Jump(JMP | REGISTER | condition.code, dst, src, 0, target);
    }

    /** {@code if (dst condition constant) goto target}. */
    public static Insn jmpIf(Condition condition, Reg dst, int constant, Label target) {
        return new Jump(JMP | condition.code, dst, Reg.R0, constant, target);
    }

    /** {@code if (dst condition src) goto target}, lower 32 bits. */
    public static Insn jmpIf32(Condition condition, Reg dst, Reg src, Label target) {
        return new Jump(JMP32 | REGISTER | condition.code, dst, src, 0, target);
    }

    /** {@code if (dst condition constant) goto target}, lower 32 bits. */
    public static Insn jmpIf32(Condition condition, Reg dst, int constant, Label target) {
        return new Jump(JMP32 | condition.code, dst, Reg.R0, constant, target);
    }

    /** {@code R0 = helper(R1, ...)}. */
    public static Insn call(Helper helper) {
        return new Word(0x85, Reg.R0, Reg.R0, 0, helper.id);
    }

    /** {@code return R0}. */
    public static Insn exit() {
        return new Word(0x95, Reg.R0, Reg.R0, 0, 0);
    }

    private static Reg writable(Reg dst) {
        Assembler.require(dst != Reg.R10, "R10, the frame pointer, is read-only");
        return dst;
    }
}
