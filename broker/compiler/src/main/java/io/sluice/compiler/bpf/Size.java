package io.sluice.compiler.bpf;

/** How much a load or store moves. Loads clear the rest of the register. */
public enum Size {
    B(0x10), // 8 bits
    H(0x08), // 16 bits
    W(0x00), // 32 bits
    DW(0x18); // 64 bits

    /** The size bits of the opcode. */
    final int code;

    Size(int code) {
        this.code = code;
    }
}
