package io.sluice.broker.bpf;

/** When a conditional jump is taken. */
public enum Condition {
    /** {@code dst == src}. */
    EQ(0x10),
    /** {@code dst > src}, unsigned. */
    GT(0x20),
    /** {@code dst >= src}, unsigned. */
    GE(0x30),
    /** {@code (dst & src) != 0}. */
    SET(0x40),
    /** {@code dst != src}. */
    NE(0x50),
    /** {@code dst > src}, signed. */
    SGT(0x60),
    /** {@code dst >= src}, signed. */
    SGE(0x70),
    /** {@code dst < src}, unsigned. */
    LT(0xa0),
    /** {@code dst <= src}, unsigned. */
    LE(0xb0),
    /** {@code dst < src}, signed. */
    SLT(0xc0),
    /** {@code dst <= src}, signed. */
    SLE(0xd0);

    /** The operation bits of the opcode. */
    final int code;

    Condition(int code) {
        this.code = code;
    }
}
