package io.sluice.compiler.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.policy.v1.ProgramMessage;
import io.sluice.policy.v1.Relocation;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A program of a jail's police, and what it says to frames: exactly one counter says it too. */
public final class Judge {
    private static final int TC_ACT_UNSPEC = -1;
    private static final int TC_ACT_SHOT = 2;
    private static final int SKB_BYTES = 192;

    private final ProgramMessage program;
    private final Direction direction;

    /** A judge of frames in that direction. */
    public Judge(List<Insn> program, Direction direction) {
        this.program = Assembler.assemble(program);
        this.direction = direction;
    }

    /**
     * Why a frame is dropped; empty if it passes.
     *
     * @param open whether the gate is
     * @param tag the 802.1Q tag beside the frame
     */
    public Optional<DropReason> of(byte[] frame, boolean open, Optional<Integer> tag) {
        ByteBuffer context = ByteBuffer.allocate(SKB_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        context.putInt(0, frame.length);
        tag.ifPresent(tci -> context.putInt(20, 1).putInt(24, tci).putInt(28, 0x0081)); // the protocol in network order
        ByteBuffer counters = ByteBuffer.allocate(2 * Direction.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer gate = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        gate.putLong(0, open ? Programs.ALLOWED : 0);
        Machine machine = new Machine(program.getCode().asReadOnlyByteBuffer(), context, frame);
        machine.value(slots(Symbol.COUNTERS), counters);
        machine.value(slots(Symbol.GATE), gate);
        int verdict = machine.run();
        return verdict(verdict, counters, frame.length);
    }

    private Optional<DropReason> verdict(int verdict, ByteBuffer counters, int length) {
        List<DropReason> reasons = new ArrayList<>();
        long counted = 0;
        for (DropReason reason : DropReason.values()) {
            if (counters.getLong(direction.offset(reason)) == 1) {
                reasons.add(reason);
            }
        }
        for (int at = 0; at < counters.capacity(); at += Long.BYTES) {
            counted += counters.getLong(at);
        }
        boolean passed = counters.getLong(direction.passed()) == 1;
        assertThat(counted).as("all counters").isEqualTo(passed ? 1 + length : 1);
        assertThat(reasons).hasSize(passed ? 0 : 1);
        assertThat(verdict).isEqualTo(passed ? TC_ACT_UNSPEC : TC_ACT_SHOT);
        return reasons.stream().findFirst();
    }

    private List<Integer> slots(Symbol symbol) {
        return program.getRelocationsList().stream()
                .filter(relocation -> relocation.getSymbol() == symbol)
                .map(Relocation::getInstruction)
                .toList();
    }
}
