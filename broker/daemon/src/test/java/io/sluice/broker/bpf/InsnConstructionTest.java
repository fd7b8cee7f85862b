package io.sluice.broker.bpf;

import static io.sluice.broker.bpf.Insns.*;
import static io.sluice.broker.bpf.Reg.*;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
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
    private static final BpfMap COUNTERS = map(BpfMap.Type.ARRAY, 16, 1);
    private static final BpfMap SEVERAL = map(BpfMap.Type.ARRAY, 8, 2);
    private static final BpfMap XSKS = map(BpfMap.Type.XSKMAP, 4, 1);

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
                row("loadMap", () -> loadMap(R10, XSKS)),
                row("loadMapValue", () -> loadMapValue(R10, COUNTERS, 0)),
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
    void onlyArraysOfOneEntryHaveAnAddress() {
        assertThatCode(() -> loadMapValue(R1, COUNTERS, 15)).doesNotThrowAnyException();
        assertRefused(() -> loadMapValue(R1, COUNTERS, 16), "outside of the value");
        assertRefused(() -> loadMapValue(R1, COUNTERS, -1), "outside of the value");
        assertRefused(() -> loadMapValue(R1, SEVERAL, 0), "not an array of one entry");
        assertRefused(() -> loadMapValue(R1, XSKS, 0), "not an array of one entry");
    }

    @Test
    void programsCheckTheirMapsAndDevice() {
        assertRefused(() -> Programs.xdpRedirect(COUNTERS), "not a map of AF_XDP sockets");
        assertRefused(() -> Programs.packetFilter(COUNTERS, 1), "values of 8 bytes");
        assertRefused(() -> Programs.packetFilter(SEVERAL, 1), "not an array of one entry");
        assertRefused(() -> Programs.packetFilter(map(BpfMap.Type.ARRAY, 8, 1), 0), "ifindex 0");
    }

    @Test
    void objectsNeedNamesThatTheKernelTakes() {
        assertRefused(() -> BpfMap.array("", 8, 1), "no BPF object name");
        assertRefused(() -> BpfMap.array("sixteen_letters_", 8, 1), "no BPF object name");
        assertRefused(() -> BpfMap.array("br-blue", 8, 1), "no BPF object name");
        assertRefused(() -> BpfMap.array("map", 0, 1), "1 or more");
        assertRefused(() -> BpfMap.xskMap("map", 0), "1 or more");
    }

    private static void assertRefused(ThrowingCallable construction, String reason) {
        assertThatIllegalArgumentException().isThrownBy(construction).withMessageContaining(reason);
    }

    private static Arguments row(String name, ThrowingCallable construction) {
        return Arguments.of(name, construction);
    }

    private static BpfMap map(BpfMap.Type type, int valueSize, int entries) {
        try {
            return new BpfMap(type, "map", valueSize, entries, Fd.owned(1_000_000_007, "nothing"));
        } catch (SyscallException e) {
            throw new AssertionError(e);
        }
    }
}
