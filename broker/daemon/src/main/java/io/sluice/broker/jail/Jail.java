package io.sluice.broker.jail;

import io.sluice.broker.net.NetNamespace;
import io.sluice.broker.police.PoliceState;
import io.sluice.broker.policy.Direction;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A network namespace with one device, whose other end is policed: what leaves or enters it passes the rules or is counted
 * as dropped. Whatever socket a tenant has in it, and whoever else has it by now, that is its only way out. The rules are
 * clsact filters, which stay with the device when the broker dies; the gate in them shuts both directions at once.
 */
public final class Jail implements AutoCloseable {
    private final NetNamespace inside;
    private final PoliceState state;
    private final Closer owned;

    private final int ifindex;

    Jail(int ifindex, NetNamespace inside, PoliceState state, Closer owned) {
        this.ifindex = ifindex;
        this.inside = inside;
        this.state = state;
        this.owned = owned;
    }

    /** Of the device's host end. */
    public int ifindex() {
        return ifindex;
    }

    /** Runs {@code body} inside, in a thread of its own. */
    public <T> T call(NetNamespace.Body<T> body) throws IOException {
        return inside.call(body);
    }

    /** Lets pass what the rules allow. */
    public void open() throws SyscallException {
        state.open();
    }

    /** Lets nothing pass any more in either direction, but for what a program is just looking at. */
    public void shut() {
        try {
            state.shut();
        } catch (SyscallException e) {
            throw new AssertionError(e); // an array slot that exists can always be written
        }
    }

    /** Frames that have passed each way, and those dropped, by direction and reason; no reason that never was. */
    public Map<String, Long> counters() throws SyscallException {
        Map<String, Long> all = new LinkedHashMap<>();
        for (Direction direction : Direction.values()) {
            String prefix = direction.name().toLowerCase(Locale.ROOT);
            PoliceState.Counters counters = state.read(direction);
            all.put(prefix + "_packets", counters.frames());
            all.put(prefix + "_bytes", counters.bytes());
            counters.drops().forEach((reason, count) -> {
                if (count != 0) {
                    all.put(prefix + "_drop_" + reason.key(), count);
                }
            });
        }
        return all;
    }

    /** Shuts it, deletes the device, both ends, and lets the namespace go. When this returns nothing passes any more. */
    @Override
    public void close() {
        shut();
        owned.close();
    }
}
