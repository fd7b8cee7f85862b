package io.sluice.broker.police;

import io.sluice.broker.bpf.BpfMap;
import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.SyscallException;
import io.sluice.policy.v1.Symbol;
import java.nio.LongBuffer;
import java.util.Collections;
import java.util.EnumMap;
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
 * <p>A frame counts once however many segments it stands for. Loaded programs keep the maps alive when this is closed.
 */
public record PoliceState(BpfMap gate, BpfMap counters) implements AutoCloseable {
    private static final long OPEN = 1;

    /**
     * What happened in one direction since the maps were made.
     *
     * @param frames passed
     * @param bytes of these, with Ethernet header
     * @param drops frames by reason, every reason
     */
    public record Counters(long frames, long bytes, Map<DropReason, Long> drops) {}

    /** What the programs want to know. */
    public Map<Symbol, Integer> symbols() {
        return Map.of(
                Symbol.GATE, gate.fd().number(), Symbol.COUNTERS, counters.fd().number());
    }

    /** New maps: the gate is closed, the counters are 0. */
    public static PoliceState create() throws SyscallException {
        try (Closer onFailure = new Closer()) {
            BpfMap gate = BpfMap.array("sluice_gate", Long.BYTES, 1);
            onFailure.add(gate::close);
            BpfMap counters = BpfMap.array("sluice_police", Direction.BLOCK * Direction.values().length, 1);
            onFailure.release();
            return new PoliceState(gate, counters);
        }
    }

    /** Lets the tenant's traffic through, by the rules. */
    public void open() throws SyscallException {
        gate.put(0, OPEN);
    }

    /** Drops everything from now on. A frame that a program is just looking at may still pass. */
    public void shut() throws SyscallException {
        gate.put(0, 0);
    }

    /** Reads the counters. They are not read at one instant, so sums may be off by the frames under way. */
    public Counters read(Direction direction) throws SyscallException {
        LongBuffer words = counters.lookup(0).asLongBuffer();
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            drops.put(reason, words.get(direction.offset(reason) / Long.BYTES));
        }
        int passed = direction.passed() / Long.BYTES;
        return new Counters(words.get(passed), words.get(passed + 1), Collections.unmodifiableMap(drops));
    }

    @Override
    public void close() {
        gate.close();
        counters.close();
    }
}
