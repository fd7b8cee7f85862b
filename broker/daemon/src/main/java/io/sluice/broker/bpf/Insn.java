package io.sluice.broker.bpf;

/**
 * An instruction. {@link Insns} has short names for all of them.
 *
 * <p>Constructors throw IllegalArgumentException at what is wrong in itself: R10 as destination, offsets beyond 16 bits,
 * division by the constant 0, constant shifts by the width or more, sizes that the form does not have. What exists can be
 * encoded, and is refused by the kernel's verifier only because of what surrounds it.
 *
 * <p>Source: Documentation/bpf/standardization/instruction-set.rst of the kernel (RFC 9669). Here is the part that we use
 * of the first version; sign extension, unconditional swaps and long jumps need kernels that 6.1 is not.
 */
public sealed interface Insn
        permits Insn.Alu,
                Insn.Neg,
                Insn.ToBigEndian,
                Insn.LoadImm64,
                Insn.LoadMap,
                Insn.LoadMapValue,
                Insn.Load,
                Insn.Store,
                Insn.AtomicAdd,
                Insn.LoadPacket,
                Insn.LoadPacketIndirect,
                Insn.Jump,
                Insn.JumpIf,
                Insn.Call,
                Insn.Exit,
                Label {

    /** Appends this instruction to a program that is being assembled. */
    void encode(Assembler out);

    /** {@code dst = dst op src}. */
    record Alu(Width width, AluOp op, Reg dst, Operand src) implements Insn {
        public Alu {
            requireWritable(dst);
            op.check(width, src);
        }

        @Override
        public void encode(Assembler out) {
            out.word(op.code | src.sourceBit() | width.aluClass, dst, src, 0, src.immediate());
        }
    }

    /** {@code dst = -dst}. */
    record Neg(Width width, Reg dst) implements Insn {
        public Neg {
            requireWritable(dst);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0x80 | width.aluClass, dst, Reg.R0, 0, 0);
        }
    }

    /** Converts the lower bits of dst between host and network byte order and clears the rest. */
    record ToBigEndian(Reg dst, int bits) implements Insn {
        public ToBigEndian {
            requireWritable(dst);
            Assembler.require(bits == 16 || bits == 32 || bits == 64, "a byte swap has 16, 32 or 64 bits, not " + bits);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0xdc, dst, Reg.R0, 0, bits);
        }
    }

    /** {@code dst = value}, all 64 bits. Takes two slots. */
    record LoadImm64(Reg dst, long value) implements Insn {
        public LoadImm64 {
            requireWritable(dst);
        }

        @Override
        public void encode(Assembler out) {
            out.wide(dst, 0, (int) value, (int) (value >>> 32));
        }
    }

    /** {@code dst = the map}, as helpers want it. Takes two slots. The map has to be open when the program is assembled. */
    record LoadMap(Reg dst, BpfMap map) implements Insn {
        public LoadMap {
            requireWritable(dst);
        }

        @Override
        public void encode(Assembler out) {
            out.wide(dst, 1, map.fd().number(), 0);
        }
    }

    /**
     * {@code dst = address of the only value of an array + offset}: no helper, no null check. Takes two slots. The map
     * has to be open when the program is assembled.
     */
    record LoadMapValue(Reg dst, BpfMap map, int offset) implements Insn {
        public LoadMapValue {
            requireWritable(dst);
            Assembler.require(
                    map.isSingleValue(), map + " is not an array of one entry, only those have a fixed address");
            Assembler.require(
                    offset >= 0 && offset < map.valueSize(),
                    "offset " + offset + " is outside of the value of " + map + ", " + map.valueSize() + " bytes");
        }

        @Override
        public void encode(Assembler out) {
            out.wide(dst, 2, map.fd().number(), offset);
        }
    }

    /** {@code dst = *(unsigned size *) (base + offset)}. */
    record Load(Size size, Reg dst, Reg base, int offset) implements Insn {
        public Load {
            requireWritable(dst);
            requireOffset(offset);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0x61 | size.code, dst, base, offset, 0);
        }
    }

    /** {@code *(size *) (base + offset) = value}. */
    record Store(Size size, Reg base, int offset, Operand value) implements Insn {
        public Store {
            requireOffset(offset);
        }

        @Override
        public void encode(Assembler out) {
            int storeClass = value instanceof Reg ? 0x63 : 0x62;
            out.word(storeClass | size.code, base, value, offset, value.immediate());
        }
    }

    /** {@code *(size *) (base + offset) += value}, at once for all CPUs. */
    record AtomicAdd(Size size, Reg base, int offset, Reg value) implements Insn {
        public AtomicAdd {
            Assembler.require(size == Size.W || size == Size.DW, "an atomic addition has 32 or 64 bits, not " + size);
            requireOffset(offset);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0xc3 | size.code, base, value, offset, 0);
        }
    }

    /**
     * {@code R0 = packet[offset]} in host byte order, as classic BPF does it: R6 holds the skb, R1 to R5 are lost, and
     * the program ends with 0 if the packet is too short. Not for XDP.
     */
    record LoadPacket(Size size, int offset) implements Insn {
        public LoadPacket {
            requireClassic(size);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0x20 | size.code, Reg.R0, Reg.R0, 0, offset);
        }
    }

    /** {@code R0 = packet[index + offset]}; otherwise like {@link LoadPacket}. */
    record LoadPacketIndirect(Size size, Reg index, int offset) implements Insn {
        public LoadPacketIndirect {
            requireClassic(size);
        }

        @Override
        public void encode(Assembler out) {
            out.word(0x40 | size.code, Reg.R0, index, 0, offset);
        }
    }

    /** Goes on at target. */
    record Jump(Label target) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.jump(0x05, Reg.R0, Reg.R0, target);
        }
    }

    /** {@code if (dst condition src) goto target}. */
    record JumpIf(Width width, Condition condition, Reg dst, Operand src, Label target) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.jump(condition.code | src.sourceBit() | width.jumpClass, dst, src, target);
        }
    }

    /** {@code R0 = helper(R1, ...)}. */
    record Call(Helper helper) implements Insn {
        @Override
        public void encode(Assembler out) {
            out.word(0x85, Reg.R0, Reg.R0, 0, helper.id);
        }
    }

    /** {@code return R0}. */
    record Exit() implements Insn {
        @Override
        public void encode(Assembler out) {
            out.word(0x95, Reg.R0, Reg.R0, 0, 0);
        }
    }

    private static void requireWritable(Reg dst) {
        Assembler.require(dst != Reg.R10, "R10, the frame pointer, is read-only");
    }

    private static void requireOffset(int offset) {
        Assembler.require(offset == (short) offset, "offset " + offset + " does not fit into 16 bits");
    }

    private static void requireClassic(Size size) {
        Assembler.require(size != Size.DW, "classic packet loads have 8, 16 or 32 bits, not 64");
    }
}
