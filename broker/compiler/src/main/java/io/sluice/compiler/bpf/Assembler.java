package io.sluice.compiler.bpf;

import com.google.protobuf.ByteString;
import io.sluice.policy.v1.ProgramMessage;
import io.sluice.policy.v1.Relocation;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns a list of instructions into what the kernel loads: slots of 8 bytes in host byte order.
 *
 * <pre>
 *   0        1             2              4               8
 *   +--------+------+------+--------------+---------------+
 *   | opcode | dst  | src  |  offset, i16 | immediate, i32|
 *   +--------+------+------+--------------+---------------+
 *             low    high nibble (on little-endian hosts, the only ones that we build for)
 * </pre>
 *
 * <p>A jump's offset counts slots from the one that follows it. 64-bit constants take two slots: the second is empty but
 * for the upper half of the constant.
 */
public final class Assembler {
    private static final int SLOT = 8;
    private static final int OFFSET = 2;

    private final ByteBuffer code;
    private final Map<Label, Integer> bound = new HashMap<>();
    /** Targets by the slot of the jump. */
    private final Map<Integer, Label> jumps = new LinkedHashMap<>();

    private final ProgramMessage.Builder program = ProgramMessage.newBuilder();

    private Assembler(int instructions) {
        code = ByteBuffer.allocate(Math.multiplyExact(instructions, 2 * SLOT)).order(ByteOrder.nativeOrder());
    }

    /**
     * Assembles a program.
     *
     * @return the code, with zeroes where the broker is to put something
     * @throws IllegalArgumentException if the program is empty, a label is missing, stands twice or last, or is too far
     */
    public static ProgramMessage assemble(List<Insn> program) {
        Assembler assembler = new Assembler(program.size());
        program.forEach(insn -> insn.encode(assembler));
        require(assembler.slot() > 0, "the program is empty");
        assembler.jumps.forEach(assembler::resolve);
        return assembler
                .program
                .setCode(ByteString.copyFrom(assembler.code.flip()))
                .build();
    }

    /** Appends one slot. */
    void word(int opcode, Reg dst, int src, int offset, int immediate) {
        code.put((byte) opcode).put((byte) (dst.number | src << 4));
        code.putShort((short) offset).putInt(immediate);
    }

    /** The next slot jumps there; its offset is put in at the end. */
    void jump(Label target) {
        jumps.put(slot(), target);
    }

    /** The next slot gets the value of a symbol. */
    void relocate(Symbol symbol) {
        program.addRelocations(Relocation.newBuilder().setInstruction(slot()).setSymbol(symbol));
    }

    /** Gives a label the place of the next slot. */
    void bind(Label label) {
        boolean first = bound.putIfAbsent(label, slot()) == null;
        require(first, "label " + label + " is bound twice: use two labels, one each");
    }

    /** Throws with the message unless the condition holds. */
    static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    private int slot() {
        return code.position() / SLOT;
    }

    private void resolve(int jump, Label label) {
        Integer target = bound.get(label);
        require(target != null, "label " + label + " is not bound: it has to stand in the program, once");
        require(target < slot(), "label " + label + " is bound behind the last instruction");
        int distance = target - (jump + 1);
        require(distance == (short) distance, "label " + label + " is " + distance + " slots away, beyond 16 bits");
        code.putShort(jump * SLOT + OFFSET, (short) distance);
    }
}
