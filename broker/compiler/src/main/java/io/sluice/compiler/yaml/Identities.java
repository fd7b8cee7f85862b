package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Identity;
import io.sluice.compiler.sys.CompilerCalls;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/** Looks up the names of users and groups. */
@FunctionalInterface
public interface Identities {
    /** The id of that user or group, unsigned; empty if there is none. */
    OptionalInt find(Identity.Kind kind, String name);

    /** The host's own, by the C library: files, LDAP, whatever nsswitch.conf says. */
    static Identities libc() {
        return (kind, name) -> {
            // The C library answers in memory of its own, one piece for the process.
            synchronized (CompilerCalls.LIBC) {
                boolean user = kind == Identity.Kind.UID;
                Pointer entry = user ? CompilerCalls.LIBC.getpwnam(name) : CompilerCalls.LIBC.getgrnam(name);
                // pw_uid of struct passwd and gr_gid of struct group are both at 16: after two pointers.
                return entry == null ? OptionalInt.empty() : OptionalInt.of(entry.getInt(16));
            }
        };
    }
}
