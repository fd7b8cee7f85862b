package io.sluice.broker.bpf;

import io.sluice.compiler.bpf.AluOp;
import io.sluice.compiler.bpf.Condition;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Insns;
import io.sluice.compiler.bpf.Label;
import io.sluice.compiler.bpf.Reg;
import java.util.List;

/**
 * What arithmetic and jumps mean, in Java, written from the sentences of {@link AluOp} and {@link Condition} and not from
 * the encoding: the other side of the differential test.
 */
final class Interpreter {
    enum Width {
        BITS_32(32),
        BITS_64(64);

        final int bits;

        Width(int bits) {
            this.bits = bits;
        }
    }

    /** The second operand: a register, or if there is none the constant. */
    record Operand(Reg reg, int constant) {
        long value(long[] registers) {
            return reg == null ? constant : registers[reg.number];
        }
    }

    /** An instruction that can be read again, or a label. */
    sealed interface Step {
        Insn insn();
    }

    record Alu(Width width, AluOp op, Reg dst, Operand src) implements Step {
        @Override
        public Insn insn() {
            if (width == Width.BITS_32) {
                return src.reg == null ? Insns.alu32(op, dst, src.constant) : Insns.alu32(op, dst, src.reg);
            }
            return src.reg == null ? Insns.alu(op, dst, src.constant) : Insns.alu(op, dst, src.reg);
        }
    }

    record BigEndian(Reg dst, int bits) implements Step {
        @Override
        public Insn insn() {
            return Insns.bigEndian(dst, bits);
        }
    }

    record LoadImm(Reg dst, long value) implements Step {
        @Override
        public Insn insn() {
            return Insns.loadImm(dst, value);
        }
    }

    record JumpIf(Width width, Condition condition, Reg dst, Operand src, Place target) implements Step {
        @Override
        public Insn insn() {
            Label label = target.label;
            if (width == Width.BITS_32) {
                return src.reg == null
                        ? Insns.jmpIf32(condition, dst, src.constant, label)
                        : Insns.jmpIf32(condition, dst, src.reg, label);
            }
            return src.reg == null
                    ? Insns.jmpIf(condition, dst, src.constant, label)
                    : Insns.jmpIf(condition, dst, src.reg, label);
        }
    }

    record Place(Label label) implements Step {
        @Override
        public Insn insn() {
            return label;
        }
    }

    private Interpreter() {}

    /** Runs a program without exit to its end. Registers R0 to R9 are changed. */
    static void run(List<Step> program, long[] registers) {
        for (int next = 0; next < program.size(); next++) {
            Step step = program.get(next);
            if (step instanceof JumpIf jump && taken(jump, registers)) {
                next = program.indexOf(jump.target());
            } else if (step instanceof Alu alu) {
                registers[alu.dst().number] = compute(alu, registers);
            } else if (step instanceof BigEndian swap) {
                registers[swap.dst().number] = Long.reverseBytes(registers[swap.dst().number]) >>> (64 - swap.bits());
            } else if (step instanceof LoadImm load) {
                registers[load.dst().number] = load.value();
            }
        }
    }

    private static long compute(Alu alu, long[] registers) {
        long dst = registers[alu.dst().number];
        long src = alu.src().value(registers);
        if (alu.width() == Width.BITS_32) {
            return low(compute32(alu.op(), (int) dst, (int) src));
        }
        return switch (alu.op()) {
            case ADD -> dst + src;
            case SUB -> dst - src;
            case MUL -> dst * src;
            case DIV -> src == 0 ? 0 : Long.divideUnsigned(dst, src);
            case OR -> dst | src;
            case AND -> dst & src;
            case LSH -> dst << src;
            case RSH -> dst >>> src;
            case MOD -> src == 0 ? dst : Long.remainderUnsigned(dst, src);
            case XOR -> dst ^ src;
            case MOV -> src;
            case ARSH -> dst >> src;
        };
    }

    private static int compute32(AluOp op, int dst, int src) {
        return switch (op) {
            case ADD -> dst + src;
            case SUB -> dst - src;
            case MUL -> dst * src;
            case DIV -> src == 0 ? 0 : Integer.divideUnsigned(dst, src);
            case OR -> dst | src;
            case AND -> dst & src;
            case LSH -> dst << src;
            case RSH -> dst >>> src;
            case MOD -> src == 0 ? dst : Integer.remainderUnsigned(dst, src);
            case XOR -> dst ^ src;
            case MOV -> src;
            case ARSH -> dst >> src;
        };
    }

    private static boolean taken(JumpIf jump, long[] registers) {
        boolean narrow = jump.width() == Width.BITS_32;
        long dst = registers[jump.dst().number];
        long src = jump.src().value(registers);
        // Sign extension keeps the order of 32-bit numbers, signed and unsigned.
        long a = narrow ? (int) dst : dst;
        long b = narrow ? (int) src : src;
        return switch (jump.condition()) {
            case EQ -> a == b;
            case GT -> Long.compareUnsigned(a, b) > 0;
            case GE -> Long.compareUnsigned(a, b) >= 0;
            case SET -> (a & b) != 0;
            case NE -> a != b;
            case SGT -> a > b;
            case SGE -> a >= b;
            case LT -> Long.compareUnsigned(a, b) < 0;
            case LE -> Long.compareUnsigned(a, b) <= 0;
            case SLT -> a < b;
            case SLE -> a <= b;
        };
    }

    private static long low(long value) {
        return value & 0xffffffffL;
    }
}
