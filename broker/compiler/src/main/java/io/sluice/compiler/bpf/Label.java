package io.sluice.compiler.bpf;

/**
 * A place in a program. Standing in the list it marks what follows it and occupies no slot; jumps name it as target. Two
 * labels of the same name are different labels, so code that is put into a program twice creates its own each time.
 */
public final class Label implements Insn {
    private final String name;

    /** A new label; the name appears in errors only. */
    public Label(String name) {
        this.name = name;
    }

    @Override
    public void encode(Assembler out) {
        out.bind(this);
    }

    @Override
    public String toString() {
        return name;
    }
}
