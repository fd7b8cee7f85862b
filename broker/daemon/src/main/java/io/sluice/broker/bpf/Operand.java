package io.sluice.broker.bpf;

/** The second operand of arithmetic, jumps and stores: a register or a constant. */
public sealed interface Operand permits Reg, Operand.Imm {
    /**
     * A constant.
     *
     * @param value 32 bits; a 64-bit instruction extends the sign
     */
    record Imm(int value) implements Operand {}

    /** The opcode bit that tells a register (BPF_X) from a constant (BPF_K). */
    default int sourceBit() {
        return this instanceof Reg ? 0x08 : 0;
    }

    /** The register's number, 0 for a constant. */
    default int register() {
        return this instanceof Reg reg ? reg.number : 0;
    }

    /** The constant, 0 for a register. */
    default int immediate() {
        return this instanceof Imm imm ? imm.value() : 0;
    }
}
