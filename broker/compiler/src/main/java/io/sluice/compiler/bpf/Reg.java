package io.sluice.compiler.bpf;

/** The registers, 64 bits each. A call loses R0 to R5. */
public enum Reg {
    R0(0), // a helper's result and the program's verdict
    R1(1), // first argument; when the program starts, the context
    R2(2),
    R3(3),
    R4(4),
    R5(5), // last argument
    R6(6), // kept across calls, like all up to R9
    R7(7),
    R8(8),
    R9(9),
    R10(10); // the frame pointer, read-only: the stack is the 512 bytes below it

    public final int number;

    Reg(int number) {
        this.number = number;
    }
}
