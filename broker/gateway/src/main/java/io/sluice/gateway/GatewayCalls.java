package io.sluice.gateway;

import jnr.ffi.Pointer;

/** The C functions of the gateway. Public for jnr-ffi only. */
public interface GatewayCalls {
    /** getgrnam(3): NULL if there is no such group. */
    Pointer getgrnam(String name);
}
