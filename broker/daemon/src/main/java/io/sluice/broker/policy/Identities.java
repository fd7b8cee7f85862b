package io.sluice.broker.policy;

import java.util.OptionalInt;

/** Looks up the names of users and groups. */
public interface Identities {
    /** The uid of that user, unsigned; empty if there is none. */
    OptionalInt user(String name);

    /** The gid of that group, unsigned; empty if there is none. */
    OptionalInt group(String name);

    /** The host's own, by the C library: files, LDAP, whatever nsswitch.conf says. */
    static Identities libc() {
        return LibcIdentities.INSTANCE;
    }
}
