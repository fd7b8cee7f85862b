package io.sluice.broker.bpf;

/** How much a load or store moves. Loads clear the rest of the register. */
public enum Size {
    /** A byte. */
    B(0x10),
    /** 16 bits. */
    H(0x08),
    /** 32 bits. */
    W(0x00),
    /** 64 bits. */
    DW(0x18);

    /** The size bits of the opcode. */
    final int code;

    Size(int code) {
        this.code = code;
    }
}
