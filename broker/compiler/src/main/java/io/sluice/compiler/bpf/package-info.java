/**
 * The kernel's packet machine, typed: programs as lists of instructions. {@link io.sluice.compiler.bpf.Programs} has
 * examples.
 *
 * <p>Programs are made for one grant each: what the policy says about it are constants in the code, not entries of a map
 * that somebody could change. Parts are composed by joining lists. What an instruction can be checked for alone is
 * checked when it is made; the rest is the verifier's.
 */
package io.sluice.compiler.bpf;
