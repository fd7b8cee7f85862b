package io.sluice.compiler.bpf;

/**
 * An instruction, made by {@link Insns}, or a {@link Label}. What exists can be encoded, and is refused by the kernel's
 * verifier only because of what surrounds it.
 */
public sealed interface Insn permits Insns.Word, Insns.Wide, Insns.Jump, Insns.Relocated, Label {
    /** Appends this instruction to a program that is being assembled. */
    void encode(Assembler out);
}
