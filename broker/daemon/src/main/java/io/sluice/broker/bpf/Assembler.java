package io.sluice.broker.bpf;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
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

    private record JumpSite(int slot, Label target) {}

    private final ByteBuffer code;
    private final Map<Label, Integer> bound = new HashMap<>();
    private final List<JumpSite> jumps = new ArrayList<>();

    private Assembler(int instructions) {
        code = Native.allocate(Math.multiplyExact(instructions, 2 * SLOT));
    }

    /**
     * Assembles a program.
     *
     * @return a direct buffer from position 0 to its limit
     * @throws IllegalArgumentException if the program is empty, a label is missing, stands twice or last, or is too far
     * @throws IllegalStateException if a map that the program refers to has been closed
     */
    public static ByteBuffer assemble(List<Insn> program) {
        Assembler assembler = new Assembler(program.size());
        program.forEach(insn -> insn.encode(assembler));
        require(assembler.slot() > 0, "the program is empty");
        assembler.jumps.forEach(assembler::resolve);
        return assembler.code.flip();
    }

    /** Appends one slot. */
    void word(int opcode, Reg dst, Operand src, int offset, int immediate) {
        slot(opcode, dst.register() | src.register() << 4, offset, immediate);
    }

    /** Appends the two slots of a 64-bit constant; {@code kind} (the source register) says what its halves mean. */
    void wide(Reg dst, int kind, int low, int high) {
        slot(0x18, dst.register() | kind << 4, 0, low);
        slot(0, 0, 0, high);
    }

    /** Appends a jump, to be resolved at the end. */
    void jump(int opcode, Reg dst, Operand src, Label target) {
        jumps.add(new JumpSite(slot(), target));
        word(opcode, dst, src, 0, src.immediate());
    }

    /** Gives a label the place of the next slot. */
    void bind(Label label) {
        require(
                bound.putIfAbsent(label, slot()) == null,
                "label " + label + " is bound twice: use two labels, one each");
    }

    private void slot(int opcode, int registers, int offset, int immediate) {
        code.put((byte) opcode).put((byte) registers).putShort((short) offset).putInt(immediate);
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

    private void resolve(JumpSite jump) {
        Label label = jump.target();
        Integer target = bound.get(label);
        require(target != null, "label " + label + " is not bound: it has to stand in the program, once");
        require(target < slot(), "label " + label + " is bound behind the last instruction");
        int distance = target - (jump.slot() + 1);
        require(distance == (short) distance, "label " + label + " is " + distance + " slots away, beyond 16 bits");
        code.putShort(jump.slot() * SLOT + OFFSET, (short) distance);
    }
}
