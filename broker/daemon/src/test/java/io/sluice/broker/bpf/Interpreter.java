package io.sluice.broker.bpf;

import java.util.List;

/**
 * What arithmetic and jumps mean, in Java, written from the sentences of {@link AluOp} and {@link Condition} and not from
 * the encoding: the other side of the differential test.
 */
final class Interpreter {
    private Interpreter() {}

    /** Runs a program without exit to its end. Registers R0 to R9 are changed. */
    static void run(List<Insn> program, long[] registers) {
        for (int next = 0; next < program.size(); next++) {
            Insn insn = program.get(next);
            if (insn instanceof Insn.JumpIf jump && taken(jump, registers)) {
                next = program.indexOf(jump.target());
            } else if (insn instanceof Insn.Alu alu) {
                registers[alu.dst().number] = compute(alu, registers);
            } else if (insn instanceof Insn.Neg neg) {
                long value = -registers[neg.dst().number];
                registers[neg.dst().number] = neg.width() == Width.BITS_32 ? low(value) : value;
            } else if (insn instanceof Insn.ToBigEndian swap) {
                registers[swap.dst().number] = Long.reverseBytes(registers[swap.dst().number]) >>> (64 - swap.bits());
            } else if (insn instanceof Insn.LoadImm64 load) {
                registers[load.dst().number] = load.value();
            }
        }
    }

    private static long compute(Insn.Alu alu, long[] registers) {
        long dst = registers[alu.dst().number];
        long src = value(alu.src(), registers);
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

    private static boolean taken(Insn.JumpIf jump, long[] registers) {
        boolean narrow = jump.width() == Width.BITS_32;
        long dst = registers[jump.dst().number];
        long src = value(jump.src(), registers);
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

    private static long value(Operand operand, long[] registers) {
        return operand instanceof Reg reg ? registers[reg.number] : operand.immediate();
    }

    private static long low(long value) {
        return value & 0xffffffffL;
    }
}
