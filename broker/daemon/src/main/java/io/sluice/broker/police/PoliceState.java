package io.sluice.broker.police;

import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.policy.Direction;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.util.Map;

/**
 * What the two programs of a jail share with the broker. The gate is a map of its own, because the kernel only replaces
 * whole values: closing it must not set the counters back to what they were a moment before.
 *
 * <pre>
 *   gate      array of 1 u64:   1 = open; anything else drops all, also the 0 that a new map holds
 *   counters  array of 1 value: 2 blocks of 16 u64, from the tenant and to it, each
 *             see {@link Direction}
 * </pre>
 *
 * <p>A frame counts once however many segments it stands for. Loaded programs keep the maps alive when they are closed.
 */
public record PoliceState(BpfMap gate, BpfMap counters) {
    /** What the programs want to know. */
    public Map<Symbol, Integer> symbols() {
        return Map.of(
                Symbol.GATE, gate.fd().number(), Symbol.COUNTERS, counters.fd().number());
    }

    /** New maps, which {@code closer} closes: the gate is closed, the counters are 0. */
    public static PoliceState create(Closer closer) throws SyscallException {
        BpfMap gate = BpfMap.gate("sluice_gate");
        closer.add(gate::close);
        BpfMap counters = BpfMap.array("sluice_police", Direction.BLOCK * Direction.values().length, 1);
        closer.add(counters::close);
        return new PoliceState(gate, counters);
    }

    /** As {@link Direction#read}. */
    public Map<String, Long> read() throws SyscallException {
        return Direction.read(counters.lookup(0));
    }
}
