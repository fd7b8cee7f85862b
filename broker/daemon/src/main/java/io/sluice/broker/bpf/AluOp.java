package io.sluice.broker.bpf;

/** Arithmetic. Everything wraps; a shift uses the lower 6 bits (5 if 32 bits wide) of a register's distance. */
public enum AluOp {
    /** {@code dst += src}. */
    ADD(0x00),
    /** {@code dst -= src}. */
    SUB(0x10),
    /** {@code dst *= src}. */
    MUL(0x20),
    /** {@code dst = src == 0 ? 0 : dst / src}, unsigned. */
    DIV(0x30),
    /** {@code dst |= src}. */
    OR(0x40),
    /** {@code dst &= src}. */
    AND(0x50),
    /** {@code dst <<= src}. */
    LSH(0x60),
    /** {@code dst >>>= src}: zeros come in. */
    RSH(0x70),
    /** {@code dst = src == 0 ? dst : dst % src}, unsigned. */
    MOD(0x90),
    /** {@code dst ^= src}. */
    XOR(0xa0),
    /** {@code dst = src}. */
    MOV(0xb0),
    /** {@code dst >>= src}: the sign comes in. */
    ARSH(0xc0);

    /** The operation bits of the opcode. */
    final int code;

    AluOp(int code) {
        this.code = code;
    }

    /** Throws unless the kernel accepts the operand with this operation. */
    void check(Width width, Operand src) {
        if (src instanceof Operand.Imm imm) {
            switch (this) {
                case DIV, MOD -> Assembler.require(imm.value() != 0, this + " by the constant 0");
                case LSH, RSH, ARSH ->
                    Assembler.require(
                            imm.value() >= 0 && imm.value() < width.bits,
                            this + " by " + imm.value() + ", allowed are 0 to " + (width.bits - 1));
                case ADD, SUB, MUL, OR, AND, XOR, MOV -> {}
            }
        }
    }
}
