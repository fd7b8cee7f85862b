package io.sluice.broker.police;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.bpf.TestRun;
import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.broker.testbed.Loading;
import io.sluice.compiler.bpf.AluOp;
import io.sluice.compiler.bpf.AnyHelper;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Insns;
import io.sluice.compiler.bpf.Reg;
import io.sluice.compiler.police.PoliceProgram;
import io.sluice.compiler.police.Rules;
import io.sluice.grant.sys.Closer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Both programs for some rules, loaded, with the gate open; frames are run through them by the kernel's test run. */
final class Rig implements AutoCloseable {
    private static final int TC_ACT_UNSPEC = -1;
    private static final int TC_ACT_SHOT = 2;
    private static final int SKB_VLAN_PUSH = 18;

    final PoliceState state;
    private final Closer maps = new Closer();
    private final BpfProgram fromTenant;
    private final BpfProgram toTenant;

    Rig(Rules rules) throws IOException {
        this(rules, OptionalInt.empty());
    }

    /** @param tag 802.1Q or 802.1ad protocol and tag, as in the frame, that the kernel puts beside every frame first */
    Rig(Rules rules, OptionalInt tag) throws IOException {
        state = PoliceState.create(maps);
        state.gate().open();
        fromTenant = load("from_tenant", tag, PoliceProgram.fromTenant(rules));
        toTenant = load("to_tenant", tag, PoliceProgram.toTenant(rules));
    }

    private BpfProgram load(String name, OptionalInt tag, List<Insn> police) throws IOException {
        List<Insn> program = new ArrayList<>();
        if (tag.isPresent()) {
            int protocol = Short.toUnsignedInt(Short.reverseBytes((short) (tag.getAsInt() >>> 16)));
            program.addAll(List.of(
                    Insns.mov(Reg.R6, Reg.R1),
                    Insns.mov(Reg.R2, protocol),
                    Insns.alu32(AluOp.MOV, Reg.R3, tag.getAsInt() & 0xffff),
                    AnyHelper.call(SKB_VLAN_PUSH),
                    Insns.mov(Reg.R1, Reg.R6)));
        }
        program.addAll(police);
        return Loading.load(ProgramType.SCHED_CLS, name, program, state.symbols());
    }

    /** Runs a frame that the tenant sends; the reason if it is dropped. */
    Optional<DropReason> fromTenant(byte[] frame) throws IOException {
        return run(fromTenant, Direction.FROM_TENANT, frame);
    }

    /** Runs a frame that is sent to the tenant; the reason if it is dropped. */
    Optional<DropReason> toTenant(byte[] frame) throws IOException {
        return run(toTenant, Direction.TO_TENANT, frame);
    }

    private Optional<DropReason> run(BpfProgram program, Direction direction, byte[] frame) throws IOException {
        Map<String, Long> before = state.read();
        int verdict = TestRun.verdict(program, frame);
        Map<String, Long> after = new HashMap<>(state.read());
        after.replaceAll((name, count) -> count - before.getOrDefault(name, 0L));
        String prefix = direction.name().toLowerCase(Locale.ROOT);
        List<DropReason> reasons = Stream.of(DropReason.values())
                .filter(reason -> after.getOrDefault(prefix + "_drop_" + reason.key(), 0L) == 1)
                .toList();
        long passed = after.get(prefix + "_packets");
        assertThat(passed + reasons.size()).as("frames counted").isEqualTo(1);
        assertThat(verdict).isEqualTo(passed == 1 ? TC_ACT_UNSPEC : TC_ACT_SHOT);
        return reasons.stream().findFirst();
    }

    @Override
    public void close() {
        fromTenant.close();
        toTenant.close();
        maps.close();
    }
}
