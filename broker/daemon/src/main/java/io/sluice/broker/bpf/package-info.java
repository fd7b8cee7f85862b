/**
 * The kernel's packet machine, typed: programs as lists of instructions, and the maps, programs and links that they
 * become. {@link io.sluice.broker.bpf.Programs} has examples.
 *
 * <p>Programs are made for one lease each: what the policy says about it are constants in the code, not entries of a map
 * that somebody could change. Parts are composed by joining lists. What an instruction can be checked for alone is
 * checked when it is made; the rest is the verifier's, whose log an error carries.
 */
package io.sluice.broker.bpf;
