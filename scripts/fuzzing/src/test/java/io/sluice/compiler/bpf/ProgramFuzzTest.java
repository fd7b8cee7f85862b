package io.sluice.compiler.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.fuzzing.Input;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Any list of instructions: accepted if and only if each is possible and each jump has a target that it reaches, and then
 * the slots read back as what was asked for.
 *
 * <pre>
 *  input: instructions, each: u8 form | operands, as {@link #append} reads them
 * </pre>
 */
class ProgramFuzzTest {
    private static final int LABELS = 4;
    private static final int MOST_SLOTS = 70_000; // a jump reaches half of that
    private static final int NOWHERE = -1;

    private final List<Label> labels = new ArrayList<>();
    private final List<Insn> program = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private final List<int[]> jumps = new ArrayList<>(); // index of the text, slot, label
    private final int[] bound = new int[LABELS];
    private Input input = new Input(new byte[0]);
    private boolean twice;
    private int slots;

    @FuzzTest
    void whatIsAcceptedReadsBackAsWhatWasAskedFor(byte[] bytes) {
        ProgramFuzzTest fresh = new ProgramFuzzTest();
        fresh.input = new Input(bytes);
        fresh.run();
    }

    private void run() {
        Arrays.fill(bound, NOWHERE);
        for (int i = 0; i < LABELS; i++) {
            labels.add(new Label("label" + i));
        }
        while (input.left() > 0 && slots < MOST_SLOTS) {
            append(input.u8());
        }
        ByteBuffer code;
        try {
            code = ByteBuffer.wrap(Assembler.assemble(program).getCode().toByteArray());
        } catch (IllegalArgumentException e) {
            assertThat(isPossible()).as("%s, %s", e.getMessage(), texts).isFalse();
            return;
        }
        assertThat(isPossible()).as("%s", texts).isTrue();
        for (int[] jump : jumps) {
            texts.set(jump[0], texts.get(jump[0]) + bound[jump[2]]);
        }
        assertThat(Disassembler.of(code)).isEqualTo(texts);
    }

    private boolean isPossible() {
        Set<Integer> targets = new HashSet<>();
        boolean reached = true;
        for (int[] jump : jumps) {
            targets.add(bound[jump[2]]);
            int distance = bound[jump[2]] - jump[1] - 1;
            reached &= distance >= -32768 && distance <= 32767;
        }
        return slots > 0 && !twice && reached && !targets.contains(NOWHERE) && !targets.contains(slots);
    }

    private void append(int form) {
        Reg dst = input.any(Reg.values());
        switch (form % 16) {
            case 0, 1 -> aluRegister(dst, form % 16 == 0);
            case 2, 3 -> aluConstant(dst, form % 16 == 2);
            case 4 -> {
                int bits = input.any(16, 32, 64, 8, 0, -16);
                boolean possible = writable(dst) && (bits == 16 || bits == 32 || bits == 64);
                add(possible, 1, "be" + bits + " " + name(dst), () -> Insns.bigEndian(dst, bits));
            }
            case 5 -> {
                long value = (long) input.i32() << 32 | Integer.toUnsignedLong(input.i32());
                add(writable(dst), 2, "lddw " + name(dst) + ", " + value, () -> Insns.loadImm(dst, value));
            }
            case 6, 7, 8, 9 -> memory(form % 16, dst);
            case 10, 11, 12 -> jump(form % 16, dst);
            case 13 -> {
                Helper helper = input.any(Helper.values());
                boolean call = (form & 16) != 0;
                add(true, 1, call ? "call " + helper.id : "exit", () -> call ? Insns.call(helper) : Insns.exit());
            }
            case 14 -> {
                int label = form / 16 % LABELS;
                twice |= bound[label] != NOWHERE;
                bound[label] = slots;
                program.add(labels.get(label));
            }
            default -> {
                // Long runs, which jumps may not reach over, are slow; so they are rare.
                int run = form == 0xff ? input.u16() & 0x7fff : input.u8() % 4;
                for (int count = run; count > 0 && slots < MOST_SLOTS; count--) {
                    add(true, 1, "mov64 r0, 0", () -> Insns.mov(Reg.R0, 0));
                }
            }
        }
    }

    private void aluRegister(Reg dst, boolean wide) {
        AluOp op = input.any(AluOp.values());
        Reg src = input.any(Reg.values());
        String text = lower(op) + (wide ? "64 " : "32 ") + name(dst) + ", " + name(src);
        add(writable(dst), 1, text, () -> wide ? Insns.alu(op, dst, src) : Insns.alu32(op, dst, src));
    }

    private void aluConstant(Reg dst, boolean wide) {
        AluOp op = input.any(AluOp.values());
        int constant = constant();
        boolean accepted = switch (op) {
            case DIV, MOD -> constant != 0;
            case LSH, RSH, ARSH -> constant >= 0 && constant < (wide ? 64 : 32);
            default -> true;
        };
        String text = lower(op) + (wide ? "64 " : "32 ") + name(dst) + ", " + constant;
        Supplier<Insn> made = () -> wide ? Insns.alu(op, dst, constant) : Insns.alu32(op, dst, constant);
        add(writable(dst) && accepted, 1, text, made);
    }

    private void memory(int form, Reg dst) {
        Size size = input.any(Size.values());
        Reg base = input.any(Reg.values());
        int offset = (input.u8() & 1) == 0 ? (short) input.u16() : input.i32();
        boolean fits = offset >= -32768 && offset <= 32767;
        String place = "[" + name(base) + (offset < 0 ? "" : "+") + offset + "]";
        String s = lower(size) + " ";
        switch (form) {
            case 6 ->
                add(
                        fits && writable(dst),
                        1,
                        "ldx" + s + name(dst) + ", " + place,
                        () -> Insns.ldx(size, dst, base, offset));
            case 7 -> add(fits, 1, "stx" + s + place + ", " + name(dst), () -> Insns.stx(size, base, offset, dst));
            case 8 -> {
                int constant = constant();
                add(fits, 1, "st" + s + place + ", " + constant, () -> Insns.st(size, base, offset, constant));
            }
            default -> {
                boolean possible = fits && (size == Size.W || size == Size.DW);
                String text = "xadd" + s + place + ", " + name(dst);
                add(possible, 1, text, () -> Insns.atomicAdd(size, base, offset, dst));
            }
        }
    }

    private void jump(int form, Reg dst) {
        int label = input.u8() % LABELS;
        Label target = labels.get(label);
        jumps.add(new int[] {texts.size(), slots, label});
        if (form == 10) {
            add(true, 1, "ja @", () -> Insns.jmp(target));
            return;
        }
        Condition condition = input.any(Condition.values());
        boolean narrow = form == 12;
        String text = "j" + lower(condition) + (narrow ? "32 " : " ") + name(dst) + ", ";
        if ((input.u8() & 1) == 0) {
            Reg src = input.any(Reg.values());
            Supplier<Insn> made = () ->
                    narrow ? Insns.jmpIf32(condition, dst, src, target) : Insns.jmpIf(condition, dst, src, target);
            add(true, 1, text + name(src) + ", @", made);
        } else {
            int constant = constant();
            Supplier<Insn> made = () -> narrow
                    ? Insns.jmpIf32(condition, dst, constant, target)
                    : Insns.jmpIf(condition, dst, constant, target);
            add(true, 1, text + constant + ", @", made);
        }
    }

    /** Makes an instruction, which has to work if it is possible, and to be refused if not, and appends it. */
    private void add(boolean possible, int length, String text, Supplier<Insn> made) {
        Insn insn;
        try {
            insn = made.get();
        } catch (IllegalArgumentException e) {
            assertThat(possible).as("%s: %s", text, e.getMessage()).isFalse();
            return;
        }
        assertThat(possible).as(text).isTrue();
        program.add(insn);
        texts.add(text);
        slots += length;
    }

    private int constant() {
        int kind = input.u8() % 3;
        return kind == 0 ? (byte) input.u8() : kind == 1 ? (short) input.u16() : input.i32();
    }

    private static boolean writable(Reg register) {
        return register != Reg.R10;
    }

    private static String name(Reg register) {
        return lower(register);
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
