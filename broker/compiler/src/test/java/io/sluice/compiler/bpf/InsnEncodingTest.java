package io.sluice.compiler.bpf;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sluice.policy.v1.Symbol;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every form against its bytes, little-endian, from the tables of the kernel's
 * Documentation/bpf/standardization/instruction-set.rst, compared with LLVM's assembler where that knows the form.
 */
class InsnEncodingTest {
    private static final Label NEXT = new Label("next");

    @ParameterizedTest(name = "{0} is {1}")
    @MethodSource("table")
    void everyFormHasTheBytesOfTheSpecification(String assembly, String hex, Insn insn) {
        ByteString code = Assembler.assemble(List.of(insn, NEXT, exit())).getCode();
        byte[] bytes = code.substring(0, code.size() - 8).toByteArray();
        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(hex);
    }

    static Stream<Arguments> table() {
        return Stream.of(arithmetic(), memory(), jumps()).flatMap(rows -> rows);
    }

    private static Stream<Arguments> arithmetic() {
        return Stream.of(
                row("r1 += r2", "0f21000000000000", alu(AluOp.ADD, R1, R2)),
                row("w1 += w2", "0c21000000000000", alu32(AluOp.ADD, R1, R2)),
                row("r1 += -8", "07010000f8ffffff", alu(AluOp.ADD, R1, -8)),
                row("r3 -= 5", "1703000005000000", alu(AluOp.SUB, R3, 5)),
                row("w3 *= -1", "24030000ffffffff", alu32(AluOp.MUL, R3, -1)),
                row("r4 /= r5", "3f54000000000000", alu(AluOp.DIV, R4, R5)),
                row("w4 %= 7", "9404000007000000", alu32(AluOp.MOD, R4, 7)),
                row("r6 |= r7", "4f76000000000000", alu(AluOp.OR, R6, R7)),
                row("w8 &= 255", "54080000ff000000", alu32(AluOp.AND, R8, 255)),
                row("r9 <<= 63", "670900003f000000", alu(AluOp.LSH, R9, 63)),
                row("w9 >>= 31", "740900001f000000", alu32(AluOp.RSH, R9, 31)),
                row("r0 s>>= r1", "cf10000000000000", alu(AluOp.ARSH, R0, R1)),
                row("r0 ^= r9", "af90000000000000", alu(AluOp.XOR, R0, R9)),
                row("r0 = r10", "bfa0000000000000", mov(R0, R10)),
                row("r0 = -1", "b7000000ffffffff", mov(R0, -1)),
                row("w0 = -1", "b4000000ffffffff", alu32(AluOp.MOV, R0, -1)),
                row("r1 = be16 r1", "dc01000010000000", bigEndian(R1, 16)),
                row("r2 = be32 r2", "dc02000020000000", bigEndian(R2, 32)),
                row("r3 = be64 r3", "dc03000040000000", bigEndian(R3, 64)),
                row(
                        "r1 = 0x1122334455667788 ll",
                        "18010000887766550000000044332211",
                        loadImm(R1, 0x1122334455667788L)));
    }

    private static Stream<Arguments> memory() {
        return Stream.of(
                row("r1 = map", "18110000000000000000000000000000", loadMap(R1, Symbol.SOCKETS)),
                row("r9 = map[0] + 8", "18290000000000000000000008000000", loadMapValue(R9, Symbol.GATE, 8)),
                row("r2 = *(u8 *)(r1 - 1)", "7112ffff00000000", ldx(Size.B, R2, R1, -1)),
                row("r2 = *(u16 *)(r1 + 2)", "6912020000000000", ldx(Size.H, R2, R1, 2)),
                row("r2 = *(u32 *)(r1 + 16)", "6112100000000000", ldx(Size.W, R2, R1, 16)),
                row("r2 = *(u64 *)(r10 - 8)", "79a2f8ff00000000", ldx(Size.DW, R2, R10, -8)),
                row("*(u8 *)(r10 - 1) = r3", "733affff00000000", stx(Size.B, R10, -1, R3)),
                row("*(u16 *)(r10 - 2) = r3", "6b3afeff00000000", stx(Size.H, R10, -2, R3)),
                row("*(u32 *)(r10 - 4) = r3", "633afcff00000000", stx(Size.W, R10, -4, R3)),
                row("*(u64 *)(r10 - 512) = r9", "7b9a00fe00000000", stx(Size.DW, R10, -512, R9)),
                row("*(u8 *)(r10 - 1) = 7", "720affff07000000", st(Size.B, R10, -1, 7)),
                row("*(u16 *)(r10 - 2) = 7", "6a0afeff07000000", st(Size.H, R10, -2, 7)),
                row("*(u32 *)(r10 - 4) = 7", "620afcff07000000", st(Size.W, R10, -4, 7)),
                row("*(u64 *)(r10 - 16) = -2", "7a0af0fffeffffff", st(Size.DW, R10, -16, -2)),
                row("lock *(u32 *)(r1 + 8) += r2", "c321080000000000", atomicAdd(Size.W, R1, 8, R2)),
                row("lock *(u64 *)(r1 + 8) += r2", "db21080000000000", atomicAdd(Size.DW, R1, 8, R2)));
    }

    private static Stream<Arguments> jumps() {
        return Stream.of(
                row("goto +0", "0500000000000000", jmp(NEXT)),
                row("if r1 == 5 goto +0", "1501000005000000", jmpIf(Condition.EQ, R1, 5, NEXT)),
                row("if r1 > r2 goto +0", "2d21000000000000", jmpIf(Condition.GT, R1, R2, NEXT)),
                row("if r1 >= r2 goto +0", "3d21000000000000", jmpIf(Condition.GE, R1, R2, NEXT)),
                row("if r1 & 1 goto +0", "4501000001000000", jmpIf(Condition.SET, R1, 1, NEXT)),
                row("if r1 != r2 goto +0", "5d21000000000000", jmpIf(Condition.NE, R1, R2, NEXT)),
                row("if r1 s> -3 goto +0", "65010000fdffffff", jmpIf(Condition.SGT, R1, -3, NEXT)),
                row("if r1 s>= r2 goto +0", "7d21000000000000", jmpIf(Condition.SGE, R1, R2, NEXT)),
                row("if r1 < r2 goto +0", "ad21000000000000", jmpIf(Condition.LT, R1, R2, NEXT)),
                row("if r1 <= r2 goto +0", "bd21000000000000", jmpIf(Condition.LE, R1, R2, NEXT)),
                row("if r1 s< r2 goto +0", "cd21000000000000", jmpIf(Condition.SLT, R1, R2, NEXT)),
                row("if r1 s<= r2 goto +0", "dd21000000000000", jmpIf(Condition.SLE, R1, R2, NEXT)),
                row("if w1 == 5 goto +0", "1601000005000000", jmpIf32(Condition.EQ, R1, 5, NEXT)),
                row("if w1 != w2 goto +0", "5e21000000000000", jmpIf32(Condition.NE, R1, R2, NEXT)),
                row("call 1", "8500000001000000", call(Helper.MAP_LOOKUP_ELEM)),
                row("call 26", "850000001a000000", call(Helper.SKB_LOAD_BYTES)),
                row("call 39", "8500000027000000", call(Helper.SKB_PULL_DATA)),
                row("call 51", "8500000033000000", call(Helper.REDIRECT_MAP)),
                row("exit", "9500000000000000", exit()));
    }

    private static Arguments row(String assembly, String hex, Insn insn) {
        return Arguments.of(assembly, hex, insn);
    }
}
