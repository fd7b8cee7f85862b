package io.sluice.broker.policy;

import com.google.protobuf.ByteString;
import io.sluice.grant.sys.Native;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * A program for the kernel, as the compiler has made it from the policy.
 *
 * @param code instructions of eBPF, 8 bytes each, host byte order
 * @param relocations instructions, counted from 0, whose immediate (32 bits at byte 4) only the broker knows
 */
public record Program(ByteString code, Map<Integer, Symbol> relocations) {
    /** Bytes of an instruction. */
    public static final int SLOT = 8;

    private static final int IMMEDIATE = 4;

    public Program {
        relocations = Map.copyOf(relocations);
        int slots = code.size() / SLOT;
        Require.that(slots > 0 && code.size() % SLOT == 0, code.size() + " bytes are no instructions");
        relocations.keySet().forEach(slot -> new Range(0, slots - 1).check("a relocation", slot));
    }

    /** Whether it has to be told the value of {@code symbol}. */
    public boolean uses(Symbol symbol) {
        return relocations.containsValue(symbol);
    }

    /** The instructions with the values in place, in a direct buffer. A symbol without a value is a defect of ours. */
    public ByteBuffer linked(Map<Symbol, Integer> values) {
        ByteBuffer linked = Native.allocate(code.size()).put(0, code.toByteArray());
        relocations.forEach((slot, symbol) -> {
            Require.that(values.containsKey(symbol), "nothing is known of " + symbol + " here");
            linked.putInt(slot * SLOT + IMMEDIATE, values.get(symbol));
        });
        return linked;
    }

    @Override
    public String toString() {
        return "a program of " + code.size() / SLOT + " instructions";
    }
}
