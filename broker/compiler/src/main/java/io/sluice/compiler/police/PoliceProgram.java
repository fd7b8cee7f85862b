package io.sluice.compiler.police;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;

import io.sluice.broker.policy.Direction;
import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import io.sluice.compiler.bpf.AluOp;
import io.sluice.compiler.bpf.Condition;
import io.sluice.compiler.bpf.Helper;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Label;
import io.sluice.compiler.bpf.Programs;
import io.sluice.compiler.bpf.Reg;
import io.sluice.compiler.bpf.Size;
import io.sluice.policy.v1.Symbol;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Assembles the programs for the host end of a jail's veth pair (sched_cls, direct action, protocol all). What they let
 * pass gets TC_ACT_UNSPEC, so that filters behind them still decide; what they drop, TC_ACT_SHOT.
 *
 * <p>They read headers only, through skb_load_bytes: a tenant decides what lies in the linear part of a frame, and a
 * superframe costs what a small frame does. Where nothing follows, several headers share their place on the stack. A
 * tag may be in the frame or, where the kernel has taken it out (always on ingress), beside it.
 *
 * <pre>
 *   R6 context   R7 counters   R8 offset of the next header   R9 what that is: EtherType, IPv6 next header
 * </pre>
 */
public final class PoliceProgram {
    private static final int TC_ACT_UNSPEC = -1;
    private static final int TC_ACT_SHOT = 2;

    // struct __sk_buff
    private static final int LEN = 0;
    private static final int VLAN_PRESENT = 20;
    private static final int VLAN_TCI = 24;
    private static final int VLAN_PROTO = 28;

    private static final int ETHERNET = 14;
    private static final int ETH_P_8021Q = 0x8100;
    private static final int ETH_P_8021AD = 0x88a8;

    // IPv6 extension headers
    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int ICMPV6 = 58;

    /** No packet needs more; RFC 8504 lets a host give up at 8 options, not even headers. */
    private static final int MAX_EXTENSIONS = 6;

    // The stack. An access has to be aligned, so headers lie where the addresses in them are.
    private static final int NETWORK = -48;
    private static final int NEXT = -80;
    private static final int TAG = -84;
    private static final int SOURCE_ETHERNET = -102;
    private static final int DESTINATION_ETHERNET = -100;

    private final Rules rules;
    private final Direction direction;
    private final List<Insn> code = new ArrayList<>();
    private final Map<DropReason, Label> drops = new EnumMap<>(DropReason.class);
    private final Label pass = new Label("pass");

    private PoliceProgram(Rules rules, Direction direction) {
        this.rules = rules;
        this.direction = direction;
    }

    /** The program for the ingress of the host end: what the tenant sends. */
    public static List<Insn> fromTenant(Rules rules) {
        PoliceProgram program = new PoliceProgram(rules, Direction.FROM_TENANT);
        program.begin(SOURCE_ETHERNET);
        program.oneOf(rules.macs(), SOURCE_ETHERNET + 6, program.drop(DropReason.MAC));
        program.vlan(SOURCE_ETHERNET, program.drop(DropReason.VLAN));
        if (!rules.ipv4().isEmpty()) {
            program.ipv4();
            program.arp();
        }
        if (!rules.ipv6().isEmpty()) {
            program.ipv6();
        }
        if (!rules.layer2()) {
            program.add(jmp(program.drop(DropReason.ETHERTYPE)));
        }
        return program.end();
    }

    /** The program for the egress of the host end: what is sent to the tenant. */
    public static List<Insn> toTenant(Rules rules) {
        PoliceProgram program = new PoliceProgram(rules, Direction.TO_TENANT);
        Label forTenant = new Label("for tenant");
        program.begin(DESTINATION_ETHERNET);
        program.add(ldx(Size.B, R1, R10, DESTINATION_ETHERNET), jmpIf(Condition.SET, R1, 1, forTenant));
        program.oneOf(rules.macs(), DESTINATION_ETHERNET, program.drop(DropReason.NOT_FOR_TENANT));
        program.add(forTenant);
        program.vlan(DESTINATION_ETHERNET, program.drop(DropReason.NOT_FOR_TENANT));
        return program.end();
    }

    /** The gate, before anything else, then the Ethernet header. */
    private void begin(int ethernet) {
        add(mov(R6, R1), loadMapValue(R7, Symbol.COUNTERS, 0));
        add(loadMapValue(R1, Symbol.GATE, 0), ldx(Size.DW, R1, R1, 0));
        add(jmpIf(Condition.NE, R1, Programs.ALLOWED, drop(DropReason.CLOSED)), mov(R8, 0));
        load(ethernet, ETHERNET);
    }

    /** Leaves the EtherType in R9 and the offset behind it in R8. */
    private void vlan(int ethernet, Label refused) {
        Label inFrame = new Label("tag in frame");
        Label tagged = new Label("tagged");
        Label allowed = new Label("VLAN allowed");
        add(mov(R8, ETHERNET), ldx(Size.H, R9, R10, ethernet + 12), bigEndian(R9, 16));
        add(ldx(Size.W, R1, R6, VLAN_PRESENT), jmpIf(Condition.EQ, R1, 0, inFrame));
        add(ldx(Size.W, R1, R6, VLAN_PROTO), bigEndian(R1, 16), jmpIf(Condition.NE, R1, ETH_P_8021Q, refused));
        add(ldx(Size.W, R1, R6, VLAN_TCI), jmp(tagged));
        add(inFrame, mov(R1, 0), jmpIf(Condition.NE, R9, ETH_P_8021Q, tagged));
        load(TAG, 4);
        add(alu(AluOp.ADD, R8, 4), ldx(Size.H, R9, R10, TAG + 2), bigEndian(R9, 16));
        add(ldx(Size.H, R1, R10, TAG), bigEndian(R1, 16));
        // A second tag would choose the VLAN behind a switch that takes off the first one, as it does with its native
        // VLAN and with priority tags. So would a service tag, first or second. No rule can allow these.
        add(tagged, alu(AluOp.AND, R1, 0xfff));
        when(refused, ETH_P_8021Q, ETH_P_8021AD);
        rules.vlans().forEach(vlan -> add(jmpIf(Condition.EQ, R1, vlan, allowed)));
        if (rules.untagged()) {
            add(jmpIf(Condition.EQ, R1, 0, allowed));
        }
        add(jmp(refused), allowed);
    }

    private void ipv4() {
        Label malformed = drop(DropReason.MALFORMED);
        Label other = new Label("not IPv4");
        add(jmpIf(Condition.NE, R9, 0x0800, other));
        load(NETWORK, 20);
        add(ldx(Size.B, R1, R10, NETWORK), mov(R2, R1), alu(AluOp.RSH, R2, 4), jmpIf(Condition.NE, R2, 4, malformed));
        add(alu(AluOp.AND, R1, 15), jmpIf(Condition.LT, R1, 5, malformed));
        add(alu(AluOp.LSH, R1, 2), alu(AluOp.ADD, R1, R8), ldx(Size.W, R2, R6, LEN));
        add(jmpIf(Condition.GT, R1, R2, malformed));
        oneOf(rules.ipv4(), NETWORK + 12, drop(DropReason.IPV4));
        passToRemote(NETWORK + 16, 4);
        add(other);
    }

    /**
     * Request or reply. Probes (RFC 5227, sender 0.0.0.0) are dropped: one that asks for a neighbour's address makes the
     * neighbour give it up if it is just probing too.
     */
    private void arp() {
        Label refused = drop(DropReason.ARP);
        Label other = new Label("not ARP");
        add(jmpIf(Condition.NE, R9, 0x0806, other));
        load(NETWORK, 14); // up to the sender's MAC address
        add(ldx(Size.W, R1, R10, NETWORK), bigEndian(R1, 32), jmpIf32(Condition.NE, R1, 0x0001_0800, refused));
        add(ldx(Size.W, R1, R10, NETWORK + 4), bigEndian(R1, 32), alu(AluOp.SUB, R1, 0x0604_0001));
        add(jmpIf(Condition.GT, R1, 1, refused));
        oneOf(rules.macs(), NETWORK + 8, refused);
        add(alu(AluOp.ADD, R8, 14));
        load(NETWORK, 14); // from the sender's IP address
        oneOf(rules.ipv4(), NETWORK, refused);
        add(jmp(pass), other);
    }

    private void ipv6() {
        Label other = new Label("not IPv6");
        Label icmp = new Label("ICMPv6");
        Label fragment = new Label("fragment");
        Label upper = new Label("upper layer");
        Label hidden = drop(DropReason.IPV6);
        add(jmpIf(Condition.NE, R9, 0x86dd, other));
        load(NETWORK, 40);
        add(ldx(Size.B, R1, R10, NETWORK), alu(AluOp.RSH, R1, 4));
        add(jmpIf(Condition.NE, R1, 6, drop(DropReason.MALFORMED)));
        List<Prefix> sources = new ArrayList<>(addresses());
        sources.add(Prefix.of(new byte[16])); // only for some ICMPv6, see below
        oneOf(sources, NETWORK + 8, hidden);
        add(ldx(Size.B, R9, R10, NETWORK + 6), alu(AluOp.ADD, R8, 40));
        // A router advertisement behind extension headers is still one to its receivers, so we walk them as they do.
        for (int i = 0; i < MAX_EXTENSIONS; i++) {
            Label walk = new Label("extension header");
            when(icmp, ICMPV6);
            when(fragment, FRAGMENT);
            when(walk, HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS);
            add(jmp(upper), walk);
            load(NEXT, 2);
            add(ldx(Size.B, R9, R10, NEXT), ldx(Size.B, R1, R10, NEXT + 1));
            add(alu(AluOp.ADD, R1, 1), alu(AluOp.LSH, R1, 3), alu(AluOp.ADD, R8, R1));
        }
        add(jmpIf(Condition.EQ, R9, ICMPV6, icmp), jmp(upper));
        // Behind a fragment header there has to be a protocol that is not ICMPv6: its type may be in another fragment,
        // as may whatever follows more headers. Receivers believe the first fragment, and so all of them are looked at.
        // This also drops fragmented pings; neighbour discovery in fragments is forbidden by RFC 6980.
        add(fragment);
        load(NEXT, 1);
        add(ldx(Size.B, R9, R10, NEXT));
        when(drop(DropReason.ICMPV6), ICMPV6);
        add(upper);
        when(hidden, HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS);
        // Authentication, mobility, HIP, Shim6, experiments: headers that a receiver may look behind.
        when(hidden, 51, 135, 139, 140, 253, 254);
        ifUnspecified(hidden);
        passToRemote(NETWORK + 24, 16);
        add(icmp);
        icmpv6();
        add(other);
    }

    private void icmpv6() {
        Label refused = drop(DropReason.ICMPV6);
        Label unspecified = new Label("from ::");
        Label target = new Label("target");
        load(NEXT, 1);
        add(ldx(Size.B, R9, R10, NEXT));
        when(refused, 134, 137); // router advertisement, redirect
        when(target, 136); // neighbour advertisement
        ifUnspecified(unspecified);
        when(pass, 131, 132, 133, 135, 143); // to neighbours, mostly all of them, whatever the remotes
        passToRemote(NETWORK + 24, 16);
        add(unspecified);
        when(pass, 131, 132, 143); // multicast listener report, done, report of version 2
        // Duplicate address detection: for a neighbour's address it would make the neighbour give it up.
        add(jmpIf(Condition.NE, R9, 135, refused), target);
        load(NEXT, 24);
        oneOf(addresses(), NEXT + 8, refused);
        add(jmp(pass));
    }

    /** The tenant's IPv6 addresses, with the link-local ones that follow from its MAC addresses (RFC 4291, appendix A). */
    private List<Prefix> addresses() {
        List<Prefix> addresses = new ArrayList<>(rules.ipv6());
        for (Prefix prefix : rules.macs()) {
            byte[] m = prefix.network();
            addresses.add(Prefix.of(new byte[] {
                (byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, (byte) (m[0] ^ 2), m[1], m[2], -1, -2, m[3], m[4], m[5]
            }));
        }
        return addresses;
    }

    /** Goes there if the IPv6 source is the unspecified address. */
    private void ifUnspecified(Label target) {
        add(ldx(Size.DW, R1, R10, NETWORK + 8), ldx(Size.DW, R2, R10, NETWORK + 16));
        add(alu(AluOp.OR, R1, R2), jmpIf(Condition.EQ, R1, 0, target));
    }

    /** Goes on if the address on the stack has one of the prefixes, else to {@code none}. Changes R1 to R5. */
    private void oneOf(List<Prefix> prefixes, int address, Label none) {
        Reg[] words = {R1, R2, R3, R4};
        int bytes = prefixes.get(0).network().length;
        for (int i = 0; i < bytes; i += 4) {
            int missing = Math.max(0, i + 4 - bytes) * Byte.SIZE; // a MAC address has one and a half words
            Reg word = words[i / 4];
            add(ldx(missing == 0 ? Size.W : Size.H, word, R10, address + i), bigEndian(word, 32 - missing));
            add(alu(AluOp.LSH, word, missing));
        }
        Label found = new Label("found");
        for (Prefix prefix : prefixes) {
            Label next = new Label("next prefix");
            ByteBuffer network = ByteBuffer.wrap(Arrays.copyOf(prefix.network(), 16));
            for (int i = 0; i * 32 < prefix.length(); i++) {
                int behind = Math.max(0, (i + 1) * 32 - prefix.length());
                add(alu32(AluOp.MOV, R5, words[i]), alu32(AluOp.AND, R5, -1 << behind));
                add(jmpIf32(Condition.NE, R5, network.getInt(i * 4), next));
            }
            add(jmp(found), next);
        }
        add(jmp(none), found);
    }

    /** Lets pass; if there are remotes, only what is sent there. The destination is on the stack. Changes R1 to R5. */
    private void passToRemote(int destination, int bytes) {
        List<Prefix> remotes = rules.remotes(bytes);
        if (!remotes.isEmpty()) {
            oneOf(remotes, destination, drop(DropReason.REMOTE));
        }
        boolean nowhere = remotes.isEmpty() && !rules.remotes().isEmpty();
        add(jmp(nowhere ? drop(DropReason.REMOTE) : pass));
    }

    /** Goes there if R9 is one of the values. */
    private void when(Label target, int... values) {
        for (int value : values) {
            add(jmpIf(Condition.EQ, R9, value, target));
        }
    }

    /** Copies from R8 on to the stack; what is too short is malformed. Changes R0 to R5. */
    private void load(int stack, int bytes) {
        add(mov(R1, R6), mov(R2, R8), mov(R3, R10), alu(AluOp.ADD, R3, stack), mov(R4, bytes));
        add(call(Helper.SKB_LOAD_BYTES), jmpIf(Condition.NE, R0, 0, drop(DropReason.MALFORMED)));
    }

    private Label drop(DropReason reason) {
        return drops.computeIfAbsent(reason, r -> new Label(r.key()));
    }

    private List<Insn> end() {
        add(pass, mov(R1, 1), atomicAdd(Size.DW, R7, direction.passed(), R1));
        add(ldx(Size.W, R1, R6, LEN), atomicAdd(Size.DW, R7, direction.passed() + Long.BYTES, R1));
        add(mov(R0, TC_ACT_UNSPEC), exit());
        drops.forEach((reason, label) -> {
            add(label, mov(R1, 1), atomicAdd(Size.DW, R7, direction.offset(reason), R1));
            add(mov(R0, TC_ACT_SHOT), exit());
        });
        return List.copyOf(code);
    }

    private void add(Insn... insns) {
        code.addAll(List.of(insns));
    }
}
