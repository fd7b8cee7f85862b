package io.sluice.compiler.bpf;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.policy.v1.Symbol;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong in itself cannot be constructed. */
class InsnConstructionTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("writesToTheFramePointer")
    void theFramePointerIsReadOnly(String name, ThrowingCallable construction) {
        assertThatIllegalArgumentException().isThrownBy(construction).withMessageContaining("R10");
    }

    static Stream<Arguments> writesToTheFramePointer() {
        return Stream.of(
                row("alu", () -> alu(AluOp.ADD, R10, R1)),
                row("alu32", () -> alu32(AluOp.ADD, R10, 1)),
                row("mov", () -> mov(R10, 1)),
                row("be16", () -> bigEndian(R10, 16)),
                row("loadImm", () -> loadImm(R10, 1)),
                row("loadMap", () -> loadMap(R10, Symbol.SOCKETS)),
                row("loadMapValue", () -> loadMapValue(R10, Symbol.COUNTERS, 0)),
                row("ldx", () -> ldx(Size.W, R10, R1, 0)));
    }

    @ParameterizedTest
    @EnumSource(names = {"LSH", "RSH", "ARSH"})
    void constantShiftsAreLessThanTheWidth(AluOp shift) {
        assertThatCode(() -> alu(shift, R1, 63)).doesNotThrowAnyException();
        assertThatCode(() -> alu32(shift, R1, 31)).doesNotThrowAnyException();
        assertRefused(() -> alu(shift, R1, 64), "allowed are 0 to 63");
        assertRefused(() -> alu32(shift, R1, 32), "allowed are 0 to 31");
        assertRefused(() -> alu(shift, R1, -1), "allowed are 0 to 63");
    }

    @ParameterizedTest
    @EnumSource(names = {"DIV", "MOD"})
    void divisionByTheConstantZeroIsRefused(AluOp division) {
        assertRefused(() -> alu(division, R1, 0), "by the constant 0");
        assertRefused(() -> alu32(division, R1, 0), "by the constant 0");
    }

    @Test
    void offsetsHave16Bits() {
        assertThatCode(() -> ldx(Size.B, R1, R2, 32767)).doesNotThrowAnyException();
        assertThatCode(() -> ldx(Size.B, R1, R2, -32768)).doesNotThrowAnyException();
        for (ThrowingCallable construction : List.<ThrowingCallable>of(
                () -> ldx(Size.B, R1, R2, 32768),
                () -> ldx(Size.B, R1, R2, -32769),
                () -> stx(Size.B, R1, 32768, R2),
                () -> st(Size.B, R1, -32769, 0),
                () -> atomicAdd(Size.DW, R1, 32768, R2))) {
            assertRefused(construction, "16 bits");
        }
    }

    @Test
    void sizesThatAFormLacksAreRefused() {
        assertRefused(() -> atomicAdd(Size.H, R1, 0, R2), "32 or 64 bits");
        assertRefused(() -> atomicAdd(Size.B, R1, 0, R2), "32 or 64 bits");
        assertRefused(() -> bigEndian(R1, 8), "16, 32 or 64 bits");
    }

    @Test
    void valuesBeginAtZero() {
        assertRefused(() -> loadMapValue(R1, Symbol.COUNTERS, -1), "outside of any value");
    }

    private static void assertRefused(ThrowingCallable construction, String reason) {
        assertThatIllegalArgumentException().isThrownBy(construction).withMessageContaining(reason);
    }

    private static Arguments row(String name, ThrowingCallable construction) {
        return Arguments.of(name, construction);
    }
}
