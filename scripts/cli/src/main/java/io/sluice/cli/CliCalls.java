package io.sluice.cli;

import jnr.ffi.Pointer;

/** The C functions of {@code sluice doctor}. Public for jnr-ffi only. */
public interface CliCalls {
    /** socket(2). */
    int socket(int family, int type, int protocol);

    /** getgrnam(3): NULL if there is no such group. */
    Pointer getgrnam(String name);
}
