package io.sluice.compiler.bpf;

/** Calls of helpers that no program of the compiler uses. */
public final class AnyHelper {
    private AnyHelper() {}

    /** {@code R0 = helper(R1, ...)}, by its number. */
    public static Insn call(int helper) {
        return new Insns.Word(0x85, Reg.R0, Reg.R0, 0, helper);
    }
}
