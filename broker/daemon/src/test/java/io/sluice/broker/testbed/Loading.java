package io.sluice.broker.testbed;

import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.bpf.BpfProgram;
import io.sluice.broker.bpf.ProgramType;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Program;
import io.sluice.compiler.bpf.Assembler;
import io.sluice.compiler.bpf.Insn;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** From instructions to a loaded program, by the way that those of a policy take. */
public final class Loading {
    private Loading() {}

    /** A program without symbols. */
    public static BpfProgram load(ProgramType type, String name, List<Insn> instructions) throws IOException {
        return load(type, name, instructions, Map.of());
    }

    /** A program with one map. */
    public static BpfProgram load(ProgramType type, String name, List<Insn> instructions, Symbol symbol, BpfMap map)
            throws IOException {
        return load(type, name, instructions, Map.of(symbol, map.fd().number()));
    }

    /** A program. */
    public static BpfProgram load(ProgramType type, String name, List<Insn> instructions, Map<Symbol, Integer> values)
            throws IOException {
        return BpfProgram.load(type, name, program(instructions), values);
    }

    /** A socket's filter for a device. */
    public static BpfProgram loadFilter(List<Insn> instructions, BpfMap gate, int ifindex) throws IOException {
        Map<Symbol, Integer> values = Map.of(Symbol.GATE, gate.fd().number(), Symbol.IFINDEX, ifindex);
        return load(ProgramType.SOCKET_FILTER, "packet", instructions, values);
    }

    /** As the compiler passes it on. */
    public static Program program(List<Insn> instructions) {
        return PolicyDecoder.program(Assembler.assemble(instructions));
    }
}
