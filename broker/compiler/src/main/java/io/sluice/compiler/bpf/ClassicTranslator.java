package io.sluice.compiler.bpf;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;

import io.sluice.compiler.bpf.ClassicFilter.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Turns classic BPF into ours, to stand inside of a program. Whatever cannot be loaded ends in no match, and so does a
 * division by zero. A shift by X uses its lower 5 bits, as in the kernel.
 *
 * <p>A socket's filter sees the frame without its outer tag, which the kernel has put beside it. Filters are written for
 * the wire, so loads are corrected: from the bytes of {@link #WIRE}, which has the tag in its place, or from 4 bytes
 * further in front. Two loads find nothing in such a frame: at a computed offset below 16, and of 4 bytes at 15.
 *
 * <pre>
 *   R6 context   R7 A   R8 X   R9 4 if the tag is beside the frame, else 0
 * </pre>
 */
final class ClassicTranslator {
    // struct __sk_buff
    private static final int SKB_LEN = 0;
    private static final int SKB_VLAN_PRESENT = 20;
    private static final int SKB_VLAN_TCI = 24;
    private static final int SKB_VLAN_PROTO = 28;
    /** No frame of XDP is longer, and the verifier needs some limit. */
    private static final int XDP_LONGEST = 0x7fff;

    // The stack: 16 words of scratch memory, what was loaded, the first bytes of a tagged frame.
    private static final int MEM = -64;
    private static final int LOADED = -72;
    private static final int WIRE = -96;
    private static final int TAG_AT = 12;
    private static final int TAG_END = 16;
    private static final int WIRE_END = 18;

    private final boolean socket;
    private final Label noMatch;
    private final List<Insn> code = new ArrayList<>();

    private ClassicTranslator(boolean socket, Label noMatch) {
        this.socket = socket;
        this.noMatch = noMatch;
    }

    /** For a program with an skb. Context in R6; goes on at {@code match} with the result, not 0, in R0. */
    static List<Insn> forSocket(ClassicFilter filter, Label match, Label noMatch) {
        return new ClassicTranslator(true, noMatch).translate(filter.instructions(), match);
    }

    /** The same for an XDP program. */
    static List<Insn> forXdp(ClassicFilter filter, Label match, Label noMatch) {
        return new ClassicTranslator(false, noMatch).translate(filter.instructions(), match);
    }

    private List<Insn> translate(List<Instruction> filter, Label match) {
        List<Label> labels =
                filter.stream().map(insn -> new Label("instruction")).toList();
        boolean[] reached = ClassicFilter.reached(filter);
        add(mov(R7, 0), mov(R8, 0), mov(R9, 0));
        for (int i = 0; i < ClassicFilter.MEMORY; i += 2) {
            add(st(Size.DW, R10, MEM + i * 4, 0));
        }
        if (socket) {
            wire();
        }
        for (int i = 0; i < reached.length; i++) {
            if (reached[i]) {
                add(labels.get(i));
                instruction(filter.get(i), labels.subList(i + 1, labels.size()), match);
            }
        }
        return List.copyOf(code);
    }

    /** Puts the first bytes together as they were on the wire, if a tag is beside the frame. */
    private void wire() {
        Label untagged = new Label("untagged");
        add(ldx(Size.W, R1, R6, SKB_VLAN_PRESENT), jmpIf(Condition.EQ, R1, 0, untagged));
        add(mov(R2, 0));
        loadSkb(WIRE, TAG_AT);
        add(mov(R2, TAG_AT));
        loadSkb(WIRE + TAG_END, WIRE_END - TAG_END);
        add(ldx(Size.W, R1, R6, SKB_VLAN_PROTO), stx(Size.H, R10, WIRE + TAG_AT, R1)); // in network order already
        add(ldx(Size.W, R1, R6, SKB_VLAN_TCI), bigEndian(R1, 16), stx(Size.H, R10, WIRE + TAG_AT + 2, R1));
        add(mov(R9, TAG_END - TAG_AT), untagged);
    }

    private void instruction(Instruction insn, List<Label> following, Label match) {
        int k = insn.k();
        switch (insn.code() & 7) {
            case 0 -> load(insn, R7);
            case 1 -> load(insn, R8);
            case 2 -> add(stx(Size.W, R10, MEM + k * 4, R7));
            case 3 -> add(stx(Size.W, R10, MEM + k * 4, R8));
            case 4 -> arithmetic(insn);
            case 5 -> jump(insn, following);
            case 6 -> {
                add(insn.code() == 0x16 ? mov(R0, R7) : alu32(AluOp.MOV, R0, k));
                add(jmpIf(Condition.EQ, R0, 0, noMatch), jmp(match));
            }
            default -> add(insn.code() == 0x07 ? mov(R8, R7) : mov(R7, R8));
        }
    }

    private void load(Instruction insn, Reg dst) {
        int k = insn.k();
        Size size = (insn.code() & 0x18) == 0x08 ? Size.H : (insn.code() & 0x18) == 0x10 ? Size.B : Size.W;
        switch (insn.code() & 0xe0) {
            case 0x00 -> add(alu32(AluOp.MOV, dst, k));
            case 0x20 -> absolute(k, size);
            case 0x40 -> indirect(k, size);
            case 0x60 -> add(ldx(Size.W, dst, R10, MEM + k * 4));
            case 0x80 -> length();
            default -> {
                absolute(k, Size.B);
                add(alu(AluOp.AND, R0, 0xf), alu(AluOp.LSH, R0, 2));
            }
        }
        if ((insn.code() & 0xe0) != 0 && (insn.code() & 0xe0) != 0x60) {
            add(mov(dst, R0));
        }
    }

    private void absolute(int k, Size size) {
        int end = k + bytes(size);
        add(alu32(AluOp.MOV, R2, k));
        if (!socket || (end <= TAG_AT && end > 0)) {
            packet(size);
        } else if (k >= TAG_END) {
            add(alu(AluOp.SUB, R2, R9));
            packet(size);
        } else {
            Label untagged = new Label("untagged");
            Label loaded = new Label("loaded");
            add(jmpIf(Condition.EQ, R9, 0, untagged));
            add(mov(R0, 0));
            for (int i = k; i < Math.min(end, WIRE_END); i++) { // one by one: the stack is only read aligned
                add(ldx(Size.B, R1, R10, WIRE + i), alu(AluOp.LSH, R0, 8), alu(AluOp.OR, R0, R1));
            }
            add(jmp(end <= WIRE_END ? loaded : noMatch), untagged);
            packet(size);
            add(loaded);
        }
    }

    private void indirect(int k, Size size) {
        add(mov(R2, R8), alu32(AluOp.ADD, R2, k));
        if (socket) {
            Label untagged = new Label("untagged");
            add(jmpIf(Condition.EQ, R9, 0, untagged), jmpIf(Condition.LT, R2, TAG_END, noMatch));
            add(alu(AluOp.SUB, R2, R9), untagged);
        }
        packet(size);
    }

    /** Leaves in R0 what lies at the offset in R2. */
    private void packet(Size size) {
        if (socket) {
            loadSkb(LOADED, bytes(size));
            add(ldx(size, R0, R10, LOADED));
        } else {
            add(jmpIf(Condition.GT, R2, XDP_LONGEST, noMatch), ldx(Size.W, R3, R6, Programs.XDP_DATA));
            add(ldx(Size.W, R5, R6, Programs.XDP_DATA_END), alu(AluOp.ADD, R3, R2), mov(R4, R3));
            add(alu(AluOp.ADD, R4, bytes(size)), jmpIf(Condition.GT, R4, R5, noMatch), ldx(size, R0, R3, 0));
        }
        if (size != Size.B) {
            add(bigEndian(R0, bytes(size) * Byte.SIZE));
        }
    }

    private void loadSkb(int stack, int bytes) {
        add(mov(R1, R6), mov(R3, R10), alu(AluOp.ADD, R3, stack), mov(R4, bytes));
        add(call(Helper.SKB_LOAD_BYTES), jmpIf(Condition.NE, R0, 0, noMatch));
    }

    private void length() {
        if (socket) {
            add(ldx(Size.W, R0, R6, SKB_LEN), alu(AluOp.ADD, R0, R9));
        } else {
            add(ldx(Size.W, R0, R6, Programs.XDP_DATA_END), ldx(Size.W, R1, R6, Programs.XDP_DATA));
            add(alu(AluOp.SUB, R0, R1));
        }
    }

    /** The operations have the same numbers in both languages. */
    private void arithmetic(Instruction insn) {
        if (insn.code() == 0x84) {
            add(alu32(AluOp.MUL, R7, -1)); // NEG
            return;
        }
        AluOp op = find(AluOp.values(), candidate -> candidate.code == (insn.code() & 0xf0));
        boolean constant = (insn.code() & 8) == 0;
        if (!constant && (op == AluOp.DIV || op == AluOp.MOD)) {
            add(jmpIf(Condition.EQ, R8, 0, noMatch));
        }
        add(constant ? alu32(op, R7, insn.k()) : alu32(op, R7, R8));
    }

    private void jump(Instruction insn, List<Label> following) {
        if (insn.code() == 0x05) {
            add(jmp(following.get(insn.k())));
            return;
        }
        Condition condition = find(Condition.values(), candidate -> candidate.code == (insn.code() & 0xf0));
        Label then = following.get(insn.jt());
        add((insn.code() & 8) == 0 ? jmpIf32(condition, R7, insn.k(), then) : jmpIf32(condition, R7, R8, then));
        add(jmp(following.get(insn.jf())));
    }

    private static <T> T find(T[] values, Predicate<T> wanted) {
        return Stream.of(values).filter(wanted).findFirst().orElseThrow();
    }

    private static int bytes(Size size) {
        return size == Size.B ? 1 : size == Size.H ? 2 : 4;
    }

    private void add(Insn... insns) {
        code.addAll(List.of(insns));
    }
}
