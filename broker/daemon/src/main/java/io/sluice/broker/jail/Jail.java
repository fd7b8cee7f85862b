package io.sluice.broker.jail;

import io.sluice.broker.net.NetNamespace;
import io.sluice.broker.police.PoliceState;
import io.sluice.grant.sys.Closer;

/**
 * A network namespace with one device, whose other end is policed: what leaves or enters it passes the rules or is counted
 * as dropped. Whatever socket a tenant has in it, and whoever else has it by now, that is its only way out. The rules are
 * clsact filters, which stay with the device when the broker dies; the gate in them shuts both directions at once.
 *
 * @param ifindex of the device's host end
 * @param inside the namespace; borrowed
 * @param state of the rules; borrowed
 * @param owned what ends with the jail
 */
public record Jail(int ifindex, NetNamespace inside, PoliceState state, Closer owned) implements AutoCloseable {
    /** Shuts it, deletes the device, both ends, and lets the namespace go. When this returns nothing passes any more. */
    @Override
    public void close() {
        state.gate().shut();
        owned.close();
    }
}
