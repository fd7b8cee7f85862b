package io.sluice.compiler.bpf;

/** When a conditional jump is taken. */
public enum Condition {
    EQ(0x10), // dst == src
    GT(0x20), // dst > src, unsigned
    GE(0x30), // dst >= src, unsigned
    SET(0x40), // (dst & src) != 0
    NE(0x50), // dst != src
    SGT(0x60), // dst > src, signed
    SGE(0x70), // dst >= src, signed
    LT(0xa0), // dst < src, unsigned
    LE(0xb0), // dst <= src, unsigned
    SLT(0xc0), // dst < src, signed
    SLE(0xd0); // dst <= src, signed

    /** The operation bits of the opcode. */
    final int code;

    Condition(int code) {
        this.code = code;
    }
}
