/**
 * The kernel's packet machine, typed: programs as lists of instructions, and the maps, programs and links that they
 * become.
 *
 * <p>A program is data. This one counts the packets of one device in a map and drops the others:
 *
 * <pre>{@code
 * Label drop = new Label("drop");
 * List<Insn> counter = List.of(
 *         mov(R0, 0),
 *         ldx(W, R2, R1, 40),             // skb->ifindex
 *         jmpIf32(NE, R2, ifindex, drop),
 *         mov(R3, 1),
 *         loadMapValue(R4, packets, 0),
 *         atomicAdd(DW, R4, 0, R3),
 *         mov32(R0, -1),
 *         drop,
 *         exit());
 * }</pre>
 *
 * <p>Programs are made for one lease each: what the policy says about it are constants in the code, not entries of a map
 * that somebody could change. Parts are composed by joining lists. What an instruction can be checked for alone is
 * checked when it is made; the rest is the verifier's, whose log an error carries.
 */
package io.sluice.broker.bpf;
