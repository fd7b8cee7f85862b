package io.sluice.compiler.sys;

import io.sluice.grant.sys.Native;
import jnr.ffi.Pointer;

/** Every C function that the compiler calls, but for those of libpcap. */
public interface CompilerCalls {
    /** The C library. */
    CompilerCalls LIBC = Native.libc(CompilerCalls.class);

    /** getpwnam(3): struct passwd with pw_uid at 16, pw_gid at 20; null if unknown. */
    Pointer getpwnam(String name);

    /** getgrnam(3): struct group with gr_gid at 16; null if unknown. */
    Pointer getgrnam(String name);
}
