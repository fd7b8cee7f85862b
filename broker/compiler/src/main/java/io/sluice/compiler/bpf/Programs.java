package io.sluice.compiler.bpf;

import static io.sluice.compiler.bpf.Insns.*;
import static io.sluice.compiler.bpf.Reg.*;

import io.sluice.policy.v1.Symbol;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The programs of grants, loaded for one lease each. */
public final class Programs {
    /** What the gate holds while the lease lives; a new map holds 0. Anything else revokes. */
    public static final int ALLOWED = 1;

    private static final int XDP_ABORTED = 0;
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;
    private static final int TC_ACT_SHOT = 2;
    /** struct xdp_md. */
    static final int XDP_DATA = 0;

    static final int XDP_DATA_END = 4;
    private static final int XDP_RX_QUEUE_INDEX = 16;
    /** struct __sk_buff. */
    private static final int SKB_IFINDEX = 40;

    private static final int SKB_GSO_SEGS = 164;
    private static final int SKB_GSO_SIZE = 176;

    private static final int IP_AT = 14;
    private static final int IPV4_PROTOCOL = 9;
    private static final int IPV6_NEXT_HEADER = 6;
    private static final int TCP = 6;
    private static final int UDP = 17;

    /** On the stack: the beginning of the IP header. */
    private static final int LOADED = -16;

    private static final int LOADED_BYTES = 10;

    private Programs() {}

    /** XDP, as {@link #xdpRedirect(Optional, boolean)} without offload. */
    public static List<Insn> xdpRedirect(Optional<ClassicFilter> filter) {
        return xdpRedirect(filter, false);
    }

    /**
     * XDP: to the queue's socket, and where there is none, on to the stack. With a filter, only what matches it goes to the
     * socket, and all else on to the stack. With offload, what would go to the socket is sent by the queue's device instead,
     * where there is one, and counted.
     */
    public static List<Insn> xdpRedirect(Optional<ClassicFilter> filter, boolean offload) {
        List<Insn> program = new ArrayList<>();
        Label match = new Label("match");
        Label noMatch = new Label("no match");
        if (filter.isPresent()) {
            // An empty frame matches nothing; so there is a way to "no match" also if the filter has none.
            program.addAll(List.of(mov(R6, R1), ldx(Size.W, R1, R6, XDP_DATA), ldx(Size.W, R2, R6, XDP_DATA_END)));
            program.add(jmpIf(Condition.GE, R1, R2, noMatch));
            program.addAll(ClassicTranslator.forXdp(filter.get(), match, noMatch));
            program.addAll(List.of(noMatch, mov(R0, XDP_PASS), exit(), match, mov(R1, R6)));
        }
        if (offload) {
            program.addAll(sendByDevice());
        }
        program.addAll(List.of(
                ldx(Size.W, R2, R1, XDP_RX_QUEUE_INDEX),
                loadMap(R1, Symbol.SOCKETS),
                mov(R3, XDP_PASS),
                call(Helper.REDIRECT_MAP),
                exit()));
        return program;
    }

    /**
     * Ends the program if the queue has a device; else goes on behind it with the context in R1, as before. The counters are
     * atomic: in skb mode two CPUs may serve one queue.
     */
    private static List<Insn> sendByDevice() {
        Label none = new Label("no device");
        Label uncounted = new Label("uncounted");
        return List.of(
                mov(R6, R1),
                ldx(Size.W, R2, R6, XDP_RX_QUEUE_INDEX),
                stx(Size.W, R10, -4, R2),
                loadMap(R1, Symbol.DEVICES),
                mov(R3, XDP_ABORTED),
                call(Helper.REDIRECT_MAP),
                jmpIf(Condition.NE, R0, XDP_REDIRECT, none),
                mov(R1, R6),
                call(Helper.XDP_GET_BUFF_LEN),
                mov(R7, R0),
                mov(R2, R10),
                alu(AluOp.ADD, R2, -4),
                loadMap(R1, Symbol.FORWARDED),
                call(Helper.MAP_LOOKUP_ELEM),
                jmpIf(Condition.EQ, R0, 0, uncounted),
                mov(R1, 1),
                atomicAdd(Size.DW, R0, 0, R1),
                atomicAdd(Size.DW, R0, Long.BYTES, R7),
                uncounted,
                mov(R0, XDP_REDIRECT),
                exit(),
                none,
                mov(R1, R6));
    }

    /**
     * Socket filter: what arrives on the leased device while the lease lives, nothing else. With a filter, only what
     * matches it, as many bytes as it says. Without, a packet is kept whole however long it is: the kernel takes the
     * lesser of the verdict, unsigned 32 bits, and its length.
     */
    public static List<Insn> packetFilter(Optional<ClassicFilter> filter) {
        return packetFilter(filter, false);
    }

    /**
     * The same for a socket that has a ring, virtio_net_hdrs and, so, a way to be silenced for ever: at a superframe that such
     * a header can't describe, tpacket_rcv (Linux 6.18) drops this and all later packets. Those are SCTP's and those
     * of UDP that are to be fragmented (UFO), not segmented. Only guests make the latter, and the kernel counts no
     * segments in what comes from a guest.
     *
     * @param describable whether to drop superframes but those of TCP, and of UDP with segments that are counted
     */
    public static List<Insn> packetFilter(Optional<ClassicFilter> filter, boolean describable) {
        Label drop = new Label("drop");
        Label keep = new Label("keep");
        List<Insn> program = new ArrayList<>(List.of(
                mov(R6, R1),
                ldx(Size.W, R2, R6, SKB_IFINDEX),
                relocated(Symbol.IFINDEX, jmpIf32(Condition.NE, R2, 0, drop)),
                loadMapValue(R3, Symbol.GATE, 0),
                ldx(Size.DW, R3, R3, 0),
                jmpIf(Condition.NE, R3, ALLOWED, drop)));
        if (describable) {
            program.addAll(describable(drop));
        }
        filter.ifPresentOrElse(
                classic -> program.addAll(ClassicTranslator.forSocket(classic, keep, drop)),
                () -> program.add(alu32(AluOp.MOV, R0, -1)));
        program.addAll(List.of(keep, exit(), drop, mov(R0, 0), exit()));
        return program;
    }

    /** Context in R6; what it does not drop goes on behind it. The outer VLAN tag is beside the packet, a second one drops it. */
    private static List<Insn> describable(Label drop) {
        Label describable = new Label("describable");
        Label transport = new Label("transport");
        return List.of(
                ldx(Size.W, R1, R6, SKB_GSO_SIZE),
                jmpIf(Condition.EQ, R1, 0, describable),
                mov(R1, R6),
                mov(R2, IP_AT),
                mov(R3, R10),
                alu(AluOp.ADD, R3, LOADED),
                mov(R4, LOADED_BYTES),
                call(Helper.SKB_LOAD_BYTES),
                jmpIf(Condition.NE, R0, 0, drop),
                ldx(Size.B, R1, R10, LOADED),
                alu(AluOp.RSH, R1, 4),
                ldx(Size.B, R0, R10, LOADED + IPV4_PROTOCOL),
                jmpIf(Condition.EQ, R1, 4, transport),
                ldx(Size.B, R0, R10, LOADED + IPV6_NEXT_HEADER),
                jmpIf(Condition.NE, R1, 6, drop),
                transport,
                jmpIf(Condition.EQ, R0, TCP, describable),
                jmpIf(Condition.NE, R0, UDP, drop),
                ldx(Size.W, R1, R6, SKB_GSO_SEGS),
                jmpIf(Condition.EQ, R1, 0, drop),
                describable);
    }

    /** Classifier: drops everything. */
    public static List<Insn> drop() {
        return List.of(mov(R0, TC_ACT_SHOT), exit());
    }

    /** Classifier: sends everything out of the device of that symbol, in the same network namespace. */
    public static List<Insn> redirect() {
        return List.of(relocated(Symbol.IFINDEX, mov(R1, 0)), mov(R2, 0), call(Helper.REDIRECT), exit());
    }
}
