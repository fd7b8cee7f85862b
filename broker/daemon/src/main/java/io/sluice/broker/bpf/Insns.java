package io.sluice.broker.bpf;

/**
 * Short names for the instructions, to be imported statically. Operands are in the order of an assignment: destination
 * first. A constant is an {@code int}, and 64-bit instructions extend its sign; {@link #loadImm} takes 64 bits.
 */
public final class Insns {
    private Insns() {}

    /** {@code dst = dst op src}, 64 bits. */
    public static Insn alu(AluOp op, Reg dst, Reg src) {
        return new Insn.Alu(Width.BITS_64, op, dst, src);
    }

    /** {@code dst = dst op constant}, 64 bits. */
    public static Insn alu(AluOp op, Reg dst, int constant) {
        return new Insn.Alu(Width.BITS_64, op, dst, new Operand.Imm(constant));
    }

    /** {@code dst = dst op src}, 32 bits; clears the upper half of dst. */
    public static Insn alu32(AluOp op, Reg dst, Reg src) {
        return new Insn.Alu(Width.BITS_32, op, dst, src);
    }

    /** {@code dst = dst op constant}, 32 bits; clears the upper half of dst. */
    public static Insn alu32(AluOp op, Reg dst, int constant) {
        return new Insn.Alu(Width.BITS_32, op, dst, new Operand.Imm(constant));
    }

    /** {@code dst = src}. */
    public static Insn mov(Reg dst, Reg src) {
        return alu(AluOp.MOV, dst, src);
    }

    /** {@code dst = constant}. */
    public static Insn mov(Reg dst, int constant) {
        return alu(AluOp.MOV, dst, constant);
    }

    /** {@code dst = constant}, zero-extended: {@code mov32(R0, -1)} is 0xFFFFFFFF. */
    public static Insn mov32(Reg dst, int constant) {
        return alu32(AluOp.MOV, dst, constant);
    }

    /** {@code dst += src}. */
    public static Insn add(Reg dst, Reg src) {
        return alu(AluOp.ADD, dst, src);
    }

    /** {@code dst += constant}. */
    public static Insn add(Reg dst, int constant) {
        return alu(AluOp.ADD, dst, constant);
    }

    /** {@code dst = -dst}, 64 bits. */
    public static Insn neg(Reg dst) {
        return new Insn.Neg(Width.BITS_64, dst);
    }

    /** {@code dst = -dst}, 32 bits; clears the upper half of dst. */
    public static Insn neg32(Reg dst) {
        return new Insn.Neg(Width.BITS_32, dst);
    }

    /** Converts the lower 16 bits between host and network byte order; clears the rest. */
    public static Insn be16(Reg dst) {
        return new Insn.ToBigEndian(dst, 16);
    }

    /** Converts the lower 32 bits between host and network byte order; clears the rest. */
    public static Insn be32(Reg dst) {
        return new Insn.ToBigEndian(dst, 32);
    }

    /** Converts all bits between host and network byte order. */
    public static Insn be64(Reg dst) {
        return new Insn.ToBigEndian(dst, 64);
    }

    /** {@code dst = value}. */
    public static Insn loadImm(Reg dst, long value) {
        return new Insn.LoadImm64(dst, value);
    }

    /** {@code dst = the map}, for a helper. */
    public static Insn loadMap(Reg dst, BpfMap map) {
        return new Insn.LoadMap(dst, map);
    }

    /** {@code dst = address of the map's only value + offset}; for arrays of one entry. */
    public static Insn loadMapValue(Reg dst, BpfMap map, int offset) {
        return new Insn.LoadMapValue(dst, map, offset);
    }

    /** {@code dst = *(base + offset)}, zero-extended. */
    public static Insn ldx(Size size, Reg dst, Reg base, int offset) {
        return new Insn.Load(size, dst, base, offset);
    }

    /** {@code *(base + offset) = src}. */
    public static Insn stx(Size size, Reg base, int offset, Reg src) {
        return new Insn.Store(size, base, offset, src);
    }

    /** {@code *(base + offset) = constant}. */
    public static Insn st(Size size, Reg base, int offset, int constant) {
        return new Insn.Store(size, base, offset, new Operand.Imm(constant));
    }

    /** {@code *(base + offset) += src}, atomically: W or DW. */
    public static Insn atomicAdd(Size size, Reg base, int offset, Reg src) {
        return new Insn.AtomicAdd(size, base, offset, src);
    }

    /** {@code R0 = packet[offset]} in host byte order: B, H or W; see {@link Insn.LoadPacket}. */
    public static Insn ldAbs(Size size, int offset) {
        return new Insn.LoadPacket(size, offset);
    }

    /** {@code R0 = packet[index + offset]} in host byte order: B, H or W; see {@link Insn.LoadPacket}. */
    public static Insn ldInd(Size size, Reg index, int offset) {
        return new Insn.LoadPacketIndirect(size, index, offset);
    }

    /** {@code goto target}. */
    public static Insn jmp(Label target) {
        return new Insn.Jump(target);
    }

    /** {@code if (dst condition src) goto target}, 64 bits. */
    public static Insn jmpIf(Condition condition, Reg dst, Reg src, Label target) {
        return new Insn.JumpIf(Width.BITS_64, condition, dst, src, target);
    }

    /** {@code if (dst condition constant) goto target}, 64 bits. */
    public static Insn jmpIf(Condition condition, Reg dst, int constant, Label target) {
        return new Insn.JumpIf(Width.BITS_64, condition, dst, new Operand.Imm(constant), target);
    }

    /** {@code if (dst condition src) goto target}, lower 32 bits. */
    public static Insn jmpIf32(Condition condition, Reg dst, Reg src, Label target) {
        return new Insn.JumpIf(Width.BITS_32, condition, dst, src, target);
    }

    /** {@code if (dst condition constant) goto target}, lower 32 bits. */
    public static Insn jmpIf32(Condition condition, Reg dst, int constant, Label target) {
        return new Insn.JumpIf(Width.BITS_32, condition, dst, new Operand.Imm(constant), target);
    }

    /** {@code R0 = helper(R1, ...)}. */
    public static Insn call(Helper helper) {
        return new Insn.Call(helper);
    }

    /** {@code return R0}. */
    public static Insn exit() {
        return new Insn.Exit();
    }
}
