package io.sluice.broker.bpf;

/** The registers, 64 bits each. A call loses R0 to R5. */
public enum Reg implements Operand {
    /** A helper's result and the program's verdict. */
    R0(0),
    /** First argument; when the program starts, the context. */
    R1(1),
    /** Second argument. */
    R2(2),
    /** Third argument. */
    R3(3),
    /** Fourth argument. */
    R4(4),
    /** Fifth argument. */
    R5(5),
    /** {@link Insns#ldAbs} and {@link Insns#ldInd} want the context here. */
    R6(6),
    /** Kept across calls, like R6 to R9 all. */
    R7(7),
    /** Free. */
    R8(8),
    /** Free. */
    R9(9),
    /** The frame pointer, read-only: the stack is the 512 bytes below it. */
    R10(10);

    final int number;

    Reg(int number) {
        this.number = number;
    }
}
