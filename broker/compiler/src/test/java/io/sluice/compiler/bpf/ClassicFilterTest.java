package io.sluice.compiler.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.compiler.bpf.ClassicFilter.Instruction;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClassicFilterTest {
    private static final Instruction KEEP = new Instruction(0x06, 0, 0, -1);

    static Stream<Instruction> invalid() {
        return Stream.of(
                new Instruction(0x18, 0, 0, 0), // no size
                new Instruction(0xff, 0, 0, 0),
                new Instruction(0x128, 0, 0, 12),
                new Instruction(0x28, 0, 0, -0x1000 + 4), // SKF_AD_OFF: beside the packet
                new Instruction(0x28, 1, 0, 12), // not a jump
                new Instruction(0x60, 0, 0, 16), // memory has 16 words
                new Instruction(0x02, 0, 0, -1),
                new Instruction(0x34, 0, 0, 0), // division by zero
                new Instruction(0x64, 0, 0, 32), // shift by all bits
                new Instruction(0x15, 256, 0, 0),
                new Instruction(0x15, 1, 0, 0), // behind the end
                new Instruction(0x15, 0, 1, 0),
                new Instruction(0x05, 0, 0, 1),
                new Instruction(0x05, 0, 0, -1)); // backwards
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void whatTheKernelWouldNotAttachIsRefused(Instruction instruction) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ClassicFilter(List.of(instruction, KEEP)))
                .withMessageStartingWith("instruction 0 of the filter, " + instruction);
    }

    @Test
    void aFilterHasAnEndAndAMatch() {
        Instruction load = new Instruction(0x28, 0, 0, 12);
        Instruction drop = new Instruction(0x06, 0, 0, 0);
        refused(List.of(), "1 to 4096 instructions");
        refused(Collections.nCopies(4097, KEEP), "1 to 4096 instructions");
        refused(List.of(load), "leads behind the end");
        refused(List.of(load, drop), "no frame can match");
        refused(List.of(drop, KEEP), "no frame can match");
        assertThat(new ClassicFilter(List.of(load, KEEP)).instructions()).hasSize(2);
    }

    private static void refused(List<Instruction> instructions, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ClassicFilter(instructions))
                .withMessageContaining(message);
    }
}
