package io.sluice.gateway;

import io.sluice.grant.sys.Native;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/** Group names, through the C library and so through every source of nsswitch.conf(5). */
final class AdminGroup {
    /** struct group of 64-bit glibc: name*, passwd*, gid. */
    private static final int GR_GID = 16;

    private AdminGroup() {}

    /** The gid of {@code name}; empty if there is no such group. */
    static OptionalInt gid(String name) {
        Pointer group = Native.libc(GatewayCalls.class).getgrnam(name);
        return group == null ? OptionalInt.empty() : OptionalInt.of(group.getInt(GR_GID));
    }
}
