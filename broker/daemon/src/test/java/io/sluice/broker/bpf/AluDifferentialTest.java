package io.sluice.broker.bpf;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.bpf.Interpreter.Operand;
import io.sluice.broker.bpf.Interpreter.Place;
import io.sluice.broker.bpf.Interpreter.Step;
import io.sluice.broker.bpf.Interpreter.Width;
import io.sluice.broker.testbed.Loading;
import io.sluice.compiler.bpf.AluOp;
import io.sluice.compiler.bpf.Condition;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Label;
import io.sluice.compiler.bpf.Reg;
import io.sluice.compiler.bpf.Size;
import io.sluice.grant.sys.Native;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random programs of arithmetic and forward jumps, computed by {@link Interpreter} and by the kernel. */
@Tag("kernel")
class AluDifferentialTest {
    private static final int PROGRAMS = 200;
    private static final int LENGTH = 60;
    private static final int JUMPS = 6;
    private static final int REGISTERS = 10;
    private static final int STATE = REGISTERS * Long.BYTES;
    private static final List<Reg> GENERAL = List.of(Reg.values()).subList(0, REGISTERS);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theKernelComputesWhatTheNamesSay(long seed) throws IOException {
        Random random = new Random(seed);
        try (BpfMap state = BpfMap.array("state", STATE, 1)) {
            for (int i = 0; i < PROGRAMS; i++) {
                List<Step> body = body(random);
                long[] expected =
                        random.longs(REGISTERS).map(v -> interesting(random, v)).toArray();
                long[] actual = run(state, body, expected);
                Interpreter.run(body, expected);
                assertThat(actual).as("seed %d, program %d:%n%s", seed, i, body).isEqualTo(expected);
            }
        }
    }

    /** Values from the map, so that the verifier knows nothing of them and the code really runs. */
    private static long[] run(BpfMap state, List<Step> body, long[] registers) throws IOException {
        ByteBuffer value = Native.allocate(STATE);
        value.asLongBuffer().put(registers);
        write(state, value);
        List<Insn> program = new ArrayList<>();
        program.add(loadMapValue(R9, Symbol.COUNTERS, 0));
        GENERAL.forEach(reg -> program.add(ldx(Size.DW, reg, R9, offset(reg))));
        body.forEach(step -> program.add(step.insn()));
        GENERAL.forEach(reg -> program.add(stx(Size.DW, R10, offset(reg) - STATE, reg)));
        program.add(loadMapValue(R1, Symbol.COUNTERS, 0));
        GENERAL.forEach(reg ->
                program.addAll(List.of(ldx(Size.DW, R2, R10, offset(reg) - STATE), stx(Size.DW, R1, offset(reg), R2))));
        program.addAll(List.of(mov(R0, 0), exit()));
        try (BpfProgram loaded = Loading.load(ProgramType.SOCKET_FILTER, "random", program, Symbol.COUNTERS, state)) {
            TestRun.verdict(loaded);
        }
        long[] result = new long[REGISTERS];
        state.lookup(0).asLongBuffer().get(result);
        return result;
    }

    private static List<Step> body(Random random) {
        List<Step> body = new ArrayList<>();
        for (int i = 0; i < LENGTH; i++) {
            body.add(arithmetic(random));
        }
        for (int i = 0; i < JUMPS; i++) {
            Place target = new Place(new Label("l" + i));
            int from = random.nextInt(body.size());
            body.add(from + random.nextInt(body.size() - from) + 1, target);
            body.add(from, jump(random, target));
        }
        return body;
    }

    private static Step arithmetic(Random random) {
        Reg dst = register(random);
        Width width = pick(random, Width.values());
        return switch (random.nextInt(11)) {
            case 0 -> new Interpreter.BigEndian(dst, 16 << random.nextInt(3));
            case 1 -> new Interpreter.LoadImm(dst, interesting(random, random.nextLong()));
            default -> {
                AluOp op = pick(random, AluOp.values());
                Operand src = random.nextBoolean() ? new Operand(register(random), 0) : constant(random, op, width);
                yield new Interpreter.Alu(width, op, dst, src);
            }
        };
    }

    private static Operand constant(Random random, AluOp op, Width width) {
        return new Operand(
                null,
                switch (op) {
                    case LSH, RSH, ARSH -> random.nextInt(width.bits);
                    case DIV, MOD -> (int) interesting(random, random.nextLong()) | 1;
                    case ADD, SUB, MUL, OR, AND, XOR, MOV -> (int) interesting(random, random.nextLong());
                });
    }

    private static Step jump(Random random, Place target) {
        Width width = pick(random, Width.values());
        Operand src =
                random.nextBoolean() ? new Operand(register(random), 0) : new Operand(null, random.nextInt(5) - 2);
        return new Interpreter.JumpIf(width, pick(random, Condition.values()), register(random), src, target);
    }

    /** Mostly values near the edges of 8, 16, 32 and 64 bits, where mistakes show. */
    private static long interesting(Random random, long value) {
        return switch (random.nextInt(4)) {
            case 0 -> value;
            case 1 -> random.nextInt(5) - 2;
            case 2 -> (1L << random.nextInt(64)) - random.nextInt(2);
            default -> (int) value;
        };
    }

    private static Reg register(Random random) {
        return GENERAL.get(random.nextInt(REGISTERS));
    }

    private static <T> T pick(Random random, T[] values) {
        return values[random.nextInt(values.length)];
    }

    private static int offset(Reg reg) {
        return reg.number * Long.BYTES;
    }

    private static void write(BpfMap array, ByteBuffer value) throws IOException {
        ByteBuffer key = Native.allocate(Integer.BYTES);
        ByteBuffer attributes = BpfCommand.attributes()
                .putInt(0, array.fd().number())
                .putLong(8, Native.address(key))
                .putLong(16, Native.address(value));
        try {
            BpfCommand.MAP_UPDATE_ELEM.run(attributes, "state");
        } finally {
            Reference.reachabilityFence(key);
            Reference.reachabilityFence(value);
        }
    }
}
