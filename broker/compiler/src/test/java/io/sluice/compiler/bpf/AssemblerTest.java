package io.sluice.compiler.bpf;

import static io.sluice.compiler.bpf.Insns.exit;
import static io.sluice.compiler.bpf.Insns.jmp;
import static io.sluice.compiler.bpf.Insns.jmpIf;
import static io.sluice.compiler.bpf.Insns.loadImm;
import static io.sluice.compiler.bpf.Insns.loadMap;
import static io.sluice.compiler.bpf.Insns.mov;
import static io.sluice.compiler.bpf.Insns.relocated;
import static io.sluice.compiler.bpf.Reg.R0;
import static io.sluice.compiler.bpf.Reg.R1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.policy.v1.Relocation;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class AssemblerTest {
    private final Label label = new Label("there");

    @Test
    void forwardJumpsCountSlotsFromTheNextOne() {
        ByteBuffer code = assemble(List.of(jmp(label), mov(R0, 1), mov(R0, 2), label, exit()));
        assertThat(offset(code, 0)).isEqualTo(2);
    }

    @Test
    void backwardJumpsAreNegative() {
        ByteBuffer code = assemble(List.of(mov(R0, 1), label, mov(R0, 2), jmp(label), exit()));
        assertThat(offset(code, 2)).isEqualTo(-2);
    }

    @Test
    void a64BitConstantIsTwoSlotsFar() {
        ByteBuffer code = assemble(List.of(jmp(label), loadImm(R0, 1), label, exit()));
        assertThat(offset(code, 0)).isEqualTo(2);
    }

    @Test
    void labelsTakeNoSlotAndMayStandTogetherAndUnused() {
        Label other = new Label("there");
        ByteBuffer code = assemble(
                List.of(jmpIf(Condition.EQ, R1, 0, label), jmp(other), label, other, new Label("unused"), exit()));
        assertThat(code.remaining()).isEqualTo(24);
        assertThat(offset(code, 0)).isEqualTo(1);
        assertThat(offset(code, 1)).isZero();
    }

    @Test
    void theCodeIsInHostByteOrder() {
        ByteBuffer code = assemble(List.of(mov(R0, 0x01020304), exit()));
        assertThat(code.getInt(4)).isEqualTo(0x01020304);
    }

    @Test
    void jumpsReach32767SlotsForwardAndNotOneMore() {
        assertThat(offset(assemble(forward(32767)), 0)).isEqualTo(32767);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Assembler.assemble(forward(32768)))
                .withMessage("label there is 32768 slots away, beyond 16 bits");
    }

    @Test
    void jumpsReach32768SlotsBackAndNotOneMore() {
        assertThat(offset(assemble(backward(32767)), 32767)).isEqualTo(-32768);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Assembler.assemble(backward(32768)))
                .withMessageContaining("-32769 slots away");
    }

    @Test
    void aLabelThatIsNotInTheProgramIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Assembler.assemble(List.of(jmp(label), new Label("there"), exit())))
                .withMessageContaining("label there is not bound");
    }

    @Test
    void aLabelThatStandsTwiceIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Assembler.assemble(List.of(label, mov(R0, 0), label, exit())))
                .withMessageContaining("label there is bound twice");
    }

    @Test
    void aJumpBehindTheEndIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Assembler.assemble(List.of(jmp(label), exit(), label)))
                .withMessageContaining("behind the last instruction");
    }

    @Test
    void anEmptyProgramIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Assembler.assemble(List.of(label)));
    }

    @Test
    void whatTheBrokerHasToPutInIsNotedWithItsSlot() {
        List<Insn> program = List.of(
                loadMap(R1, Symbol.SOCKETS),
                relocated(Symbol.IFINDEX, jmpIf(Condition.EQ, R1, 0, label)),
                mov(R0, 1),
                label,
                exit());
        assertThat(Assembler.assemble(program).getRelocationsList())
                .containsExactly(
                        Relocation.newBuilder()
                                .setInstruction(0)
                                .setSymbol(Symbol.SOCKETS)
                                .build(),
                        Relocation.newBuilder()
                                .setInstruction(2)
                                .setSymbol(Symbol.IFINDEX)
                                .build());
    }

    private static ByteBuffer assemble(List<Insn> program) {
        byte[] code = Assembler.assemble(program).getCode().toByteArray();
        return ByteBuffer.wrap(code).order(ByteOrder.nativeOrder());
    }

    private List<Insn> forward(int distance) {
        List<Insn> program = new ArrayList<>(List.of(jmp(label)));
        program.addAll(Collections.nCopies(distance, mov(R0, 0)));
        program.addAll(List.of(label, exit()));
        return program;
    }

    private List<Insn> backward(int between) {
        List<Insn> program = new ArrayList<>(List.of(label));
        program.addAll(Collections.nCopies(between, mov(R0, 0)));
        program.addAll(List.of(jmp(label), exit()));
        return program;
    }

    private static int offset(ByteBuffer code, int slot) {
        return code.getShort(slot * 8 + 2);
    }
}
