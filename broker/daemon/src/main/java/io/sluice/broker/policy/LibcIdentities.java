package io.sluice.broker.policy;

import io.sluice.broker.sys.BrokerCalls;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/** The C library answers in memory of its own, one piece for the process; hence the lock. */
enum LibcIdentities implements Identities {
    INSTANCE;

    /** pw_uid of struct passwd and gr_gid of struct group are both at 16: after two pointers. */
    private static final int ID = 16;

    @Override
    public synchronized OptionalInt user(String name) {
        return id(BrokerCalls.LIBC.getpwnam(name));
    }

    @Override
    public synchronized OptionalInt group(String name) {
        return id(BrokerCalls.LIBC.getgrnam(name));
    }

    private static OptionalInt id(Pointer entry) {
        return entry == null ? OptionalInt.empty() : OptionalInt.of(entry.getInt(ID));
    }
}
