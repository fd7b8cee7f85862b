/**
 * The policy compiler, an unprivileged process beside the broker: {@code yaml} reads the file, {@code police} and {@code bpf}
 * make programs of what it says. The broker gets numbers, addresses and instructions; what a compiler gets wrong costs the
 * operator's policy its meaning, and the kernel's verifier still stands before every program, but nobody gains a privilege.
 */
package io.sluice.compiler;
