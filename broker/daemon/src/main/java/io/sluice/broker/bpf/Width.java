package io.sluice.broker.bpf;

/** How much of a register arithmetic and comparisons use. */
public enum Width {
    /** The lower half; arithmetic clears the upper half of its destination. */
    BITS_32(32, 0x04, 0x06),
    /** All of it. */
    BITS_64(64, 0x07, 0x05);

    final int bits;

    /** Instruction class of arithmetic: BPF_ALU or BPF_ALU64. */
    final int aluClass;

    /** Instruction class of conditional jumps: BPF_JMP32 or BPF_JMP. */
    final int jumpClass;

    Width(int bits, int aluClass, int jumpClass) {
        this.bits = bits;
        this.aluClass = aluClass;
        this.jumpClass = jumpClass;
    }
}
