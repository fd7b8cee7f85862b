package io.sluice.broker.bpf;

import static io.sluice.broker.bpf.ProgramType.SCHED_CLS;
import static io.sluice.broker.bpf.ProgramType.SOCKET_FILTER;
import static io.sluice.broker.bpf.ProgramType.XDP;
import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.broker.testbed.Loading;
import io.sluice.compiler.bpf.AluOp;
import io.sluice.compiler.bpf.Condition;
import io.sluice.compiler.bpf.Helper;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Label;
import io.sluice.compiler.bpf.Programs;
import io.sluice.compiler.bpf.Size;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernel's verifier as the judge of every form. */
@Tag("kernel")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VerifierTest {
    private BpfMap values;
    private BpfMap several;
    private BpfMap xsks;

    @BeforeAll
    void createMaps() throws IOException {
        values = BpfMap.array("values", 16, 1);
        several = BpfMap.array("several", 8, 4);
        xsks = BpfMap.ofQueues(Symbol.SOCKETS, 4);
    }

    @AfterAll
    void closeMaps() {
        values.close();
        several.close();
        xsks.close();
    }

    private BpfProgram load(ProgramType type, List<Insn> program) throws IOException {
        Map<Symbol, Integer> maps = Map.of(
                Symbol.COUNTERS, values.fd().number(),
                Symbol.GATE, several.fd().number(),
                Symbol.SOCKETS, xsks.fd().number());
        return Loading.load(type, "test", program, maps);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("valid")
    void theVerifierAccepts(String name, ProgramType type, List<Insn> program) throws IOException {
        try (BpfProgram loaded = load(type, program)) {
            assertThat(loaded.fd().number()).isPositive();
        }
    }

    Stream<Arguments> valid() {
        return Stream.of(
                Arguments.of("every operation on registers and constants", SOCKET_FILTER, arithmetic()),
                Arguments.of("every condition on registers and constants", SOCKET_FILTER, jumps()),
                Arguments.of("loads and stores of every size", SOCKET_FILTER, memory()),
                program("64-bit constants", SOCKET_FILTER, loadImm(R0, Long.MIN_VALUE)),
                Arguments.of("packet bytes, checked for the end", SCHED_CLS, packetBytes(true)),
                program(
                        "counters",
                        XDP,
                        mov(R2, 1),
                        loadMapValue(R1, Symbol.COUNTERS, 8),
                        atomicAdd(Size.DW, R1, 0, R2)),
                Arguments.of("a looked-up value, checked for null", XDP, lookup(true)),
                program("skb_load_bytes", SOCKET_FILTER, loadBytes()),
                program("skb_pull_data", SCHED_CLS, mov(R2, 34), call(Helper.SKB_PULL_DATA)),
                Arguments.of("the XDP redirect", XDP, Programs.xdpRedirect(Optional.empty())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void theVerifierRefusesAndTheMessageSaysWhy(String name, ProgramType type, List<Insn> program, String reason) {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> load(type, program).close())
                .withMessageStartingWith("bpf(PROG_LOAD, " + type.name().toLowerCase(Locale.ROOT) + " test): E")
                .withMessageContaining(reason)
                .withCauseInstanceOf(SyscallException.class);
    }

    Stream<Arguments> invalid() {
        return Stream.of(
                refused("a register never written", XDP, "R2 !read_ok", List.of(mov(R0, R2), exit())),
                refused("no exit", XDP, "last insn", List.of(mov(R0, 0))),
                refused("a loop without end", XDP, "loop", endless()),
                refused("beyond the stack", XDP, "stack", List.of(st(Size.DW, R10, -520, 0), mov(R0, 0), exit())),
                refused("above the stack", XDP, "stack", List.of(st(Size.DW, R10, 0, 0), mov(R0, 0), exit())),
                refused(
                        "beyond a value",
                        XDP,
                        "invalid access to map value",
                        List.of(loadMapValue(R1, Symbol.COUNTERS, 12), ldx(Size.DW, R0, R1, 0), exit())),
                refused("packet bytes, unchecked", SCHED_CLS, "invalid access to packet", packetBytes(false)),
                refused("a looked-up value, unchecked", XDP, "map_value_or_null", lookup(false)),
                refused(
                        "a helper of another type",
                        SOCKET_FILTER,
                        "skb_pull_data",
                        List.of(mov(R2, 34), call(Helper.SKB_PULL_DATA), exit())),
                refused(
                        "redirection without its map",
                        XDP,
                        "R1",
                        List.of(mov(R1, 0), mov(R2, 0), mov(R3, 2), call(Helper.REDIRECT_MAP), exit())));
    }

    @Test
    void anErrorThatIsNotTheVerifiersNamesTheCall() {
        List<Insn> tooLong = new ArrayList<>(Collections.nCopies(1_000_001, mov(R0, 0)));
        tooLong.add(exit());
        assertThatExceptionOfType(SyscallException.class)
                .isThrownBy(() -> Loading.load(XDP, "long", tooLong).close())
                .matches(e -> e.is(Errno.E2BIG))
                .withMessageStartingWith("bpf(PROG_LOAD, xdp long): E2BIG");
    }

    private static List<Insn> arithmetic() {
        List<Insn> program = new ArrayList<>(List.of(mov(R0, 12), mov(R1, 3)));
        for (AluOp op : AluOp.values()) {
            program.addAll(List.of(alu(op, R0, R1), alu(op, R0, 5), alu32(op, R0, R1), alu32(op, R0, 5)));
        }
        program.addAll(List.of(alu(AluOp.ADD, R0, R1), alu(AluOp.ADD, R0, 1), alu32(AluOp.MOV, R1, -1)));
        program.addAll(List.of(bigEndian(R0, 64), bigEndian(R0, 32), bigEndian(R0, 16), exit()));
        return program;
    }

    private static List<Insn> jumps() {
        Label end = new Label("end");
        List<Insn> program = new ArrayList<>(List.of(mov(R0, 0), ldx(Size.W, R2, R1, 0), mov(R3, 7)));
        for (Condition condition : Condition.values()) {
            program.addAll(List.of(jmpIf(condition, R2, R3, end), jmpIf(condition, R2, 9, end)));
            program.addAll(List.of(jmpIf32(condition, R2, R3, end), jmpIf32(condition, R2, -9, end)));
        }
        program.addAll(List.of(jmp(end), end, exit()));
        return program;
    }

    private static List<Insn> memory() {
        List<Insn> program = new ArrayList<>(List.of(mov(R0, 0), mov(R1, 1)));
        for (Size size : Size.values()) {
            program.addAll(List.of(st(size, R10, -8, -1), stx(size, R10, -8, R1), ldx(size, R0, R10, -8)));
        }
        program.add(st(Size.DW, R10, -8, 0));
        program.addAll(List.of(atomicAdd(Size.W, R10, -8, R1), atomicAdd(Size.DW, R10, -8, R1), exit()));
        return program;
    }

    /** The Ethertype, where the packet has one: __sk_buff has data at 76, data_end at 80. */
    private static List<Insn> packetBytes(boolean checked) {
        Label none = new Label("none");
        List<Insn> program = new ArrayList<>(List.of(ldx(Size.W, R2, R1, 76), ldx(Size.W, R3, R1, 80)));
        program.addAll(List.of(mov(R0, 0), mov(R4, R2), alu(AluOp.ADD, R4, 14)));
        if (checked) {
            program.add(jmpIf(Condition.GT, R4, R3, none));
        }
        program.addAll(List.of(ldx(Size.H, R0, R2, 12), bigEndian(R0, 16), none, exit()));
        return program;
    }

    private static Insn[] loadBytes() {
        return new Insn[] {mov(R2, 0), mov(R3, R10), alu(AluOp.ADD, R3, -8), mov(R4, 6), call(Helper.SKB_LOAD_BYTES)};
    }

    private List<Insn> lookup(boolean checked) {
        Label none = new Label("none");
        List<Insn> program = new ArrayList<>(List.of(st(Size.W, R10, -4, 3), mov(R2, R10), alu(AluOp.ADD, R2, -4)));
        program.addAll(List.of(loadMap(R1, Symbol.GATE), call(Helper.MAP_LOOKUP_ELEM)));
        if (checked) {
            program.add(jmpIf(Condition.EQ, R0, 0, none));
        }
        program.addAll(List.of(ldx(Size.DW, R0, R0, 0), none, exit()));
        return program;
    }

    private static List<Insn> endless() {
        Label again = new Label("again");
        return List.of(mov(R0, 0), again, jmpIf(Condition.EQ, R0, 0, again), exit());
    }

    /** The instructions, with 0 as the verdict. */
    private static Arguments program(String name, ProgramType type, Insn... insns) {
        List<Insn> program = new ArrayList<>(List.of(insns));
        program.addAll(List.of(mov(R0, 0), exit()));
        return Arguments.of(name, type, program);
    }

    private static Arguments refused(String name, ProgramType type, String reason, List<Insn> program) {
        return Arguments.of(name, type, program, reason);
    }
}
