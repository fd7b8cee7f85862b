package io.sluice.compiler.bpf;

/** Arithmetic. Everything wraps; a shift uses the lower 6 bits (5 if 32 bits wide) of a register's distance. */
public enum AluOp {
    ADD(0x00), // dst += src
    SUB(0x10), // dst -= src
    MUL(0x20), // dst *= src
    DIV(0x30), // dst = src == 0 ? 0 : dst / src, unsigned
    OR(0x40), // dst |= src
    AND(0x50), // dst &= src
    LSH(0x60), // dst <<= src
    RSH(0x70), // dst >>>= src: zeros come in
    MOD(0x90), // dst = src == 0 ? dst : dst % src, unsigned
    XOR(0xa0), // dst ^= src
    MOV(0xb0), // dst = src
    ARSH(0xc0); // dst >>= src: the sign comes in

    /** The operation bits of the opcode. */
    final int code;

    AluOp(int code) {
        this.code = code;
    }

    /** The constant, if the kernel accepts it with this operation. */
    int checked(int constant, int bits) {
        switch (this) {
            case DIV, MOD -> Assembler.require(constant != 0, this + " by the constant 0");
            case LSH, RSH, ARSH -> {
                String allowed = ", allowed are 0 to " + (bits - 1);
                Assembler.require(constant >= 0 && constant < bits, this + " by " + constant + allowed);
            }
            case ADD, SUB, MUL, OR, AND, XOR, MOV -> {}
        }
        return constant;
    }
}
