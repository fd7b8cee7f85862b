package io.sluice.broker.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.sys.BrokerCalls;
import io.sluice.broker.testbed.Loading;
import io.sluice.compiler.bpf.AnyHelper;
import io.sluice.compiler.bpf.ClassicFilter;
import io.sluice.compiler.bpf.ClassicFilter.Instruction;
import io.sluice.compiler.bpf.Insn;
import io.sluice.compiler.bpf.Insns;
import io.sluice.compiler.bpf.Pcap;
import io.sluice.compiler.bpf.Programs;
import io.sluice.compiler.bpf.Reg;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.policy.v1.Symbol;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions on random frames, judged by libpcap's own interpreter and by our programs in the kernel. */
@Tag("kernel")
class ClassicDifferentialTest {
    private static final int SNAPLEN = 262_144;
    private static final int FRAMES = 400;
    private static final int LO = 1;
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;
    private static final int ETHERNET = 14;
    private static final int SKB_VLAN_PUSH = 18;

    private static final List<Integer> PORTS = List.of(22, 53, 80, 443, 1024);
    private static final List<Integer> ADDRESSES = List.of(0x0a000001, 0x0a000002, 0xc0000201, 0xe0000001);

    /** libpcap's interpreter. */
    public interface Oracle {
        Oracle PCAP = Native.library(Oracle.class).load("libpcap.so.0.8");

        /** pcap_offline_filter(3): what the filter returns. */
        int pcap_offline_filter(ByteBuffer program, ByteBuffer header, ByteBuffer frame);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ip",
                "ip6",
                "arp",
                "tcp",
                "udp",
                "icmp",
                "icmp6",
                "not ip",
                "tcp or udp",
                "stp",
                "broadcast",
                "multicast",
                "ip multicast",
                "host 10.0.0.1",
                "src host 10.0.0.2",
                "dst net 192.0.2.0/24",
                "net 10",
                "ip6 host 2001:db8::1",
                "src net 2001:db8::/32",
                "ether host 02:00:00:00:00:01",
                "ether dst 02:00:00:00:00:02",
                "ether proto 0x88cc",
                "port 53",
                "tcp port 80",
                "udp dst port 53",
                "src port 443",
                "portrange 50-100",
                "tcp dst portrange 400-1024",
                "ip proto 47",
                "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
                "tcp[tcpflags:1] = tcp-syn",
                "icmp[icmptype] = icmp-echo",
                "ip[0] & 0xf > 5",
                "ip[6:2] & 0x1fff != 0",
                "tcp[2:2] - tcp[0:2] > 20",
                "ip[8] < 64 and ip[8] > 3",
                "ether[0] & 1 = 0 and ip[16] >= 224",
                "len > 80",
                "greater 60 and less 90",
                "ip[2:2] + 14 != len",
                "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
                "vlan",
                "vlan 100",
                "vlan and ip",
                "vlan 100 and tcp port 80",
                "vlan and host 10.0.0.1 and not port 22",
                "udp and not vlan",
                "ether[14:2] = 100",
                "ether[10:4] = 0x00010800",
                "ether[12:4] = 0x81000064",
                "ether[ether[5]:2] > 4",
                "ip[ip[0]&0xf:4] * 3 / 2 % 7 = 3 or (ip[4:2] ^ 0xff) << 3 >= 0x1234",
                "host 10.0.0.1 and port 80 or (vlan and ip6) or (arp and arp[6:2] = 2)",
                "(tcp or udp) and (src net 10.0.0.0/8 or dst net 192.0.2.0/25) and not (port 53 or port 22)"
            })
    void ourProgramsMatchWhatLibpcapMatches(String expression) throws IOException {
        Random random = new Random(expression.hashCode());
        int matched = 0;
        try (Rig rig = new Rig(Pcap.compile(expression, SNAPLEN))) {
            for (int i = 0; i < FRAMES; i++) {
                matched += rig.check(frame(random)) ? 1 : 0;
            }
        }
        assertThat(matched).as("frames that match").isPositive().isLessThan(FRAMES);
    }

    /** As a packet socket sees it: the kernel has taken the tag out of the frame. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "vlan",
                "vlan 100",
                "vlan and ip",
                "vlan 100 and tcp port 80",
                "vlan and host 10.0.0.1 and not port 22",
                "not vlan",
                "not ip",
                "ether[14:2] = 100",
                "ether[10:4] & 0xffff = 0x8100",
                "ether[11:4] & 0xff = 0",
                "ether[13] = 0 and ether[15:1] = 100 and ether[16:2] = 0x0800",
                "ether[14:4] = 0x00640800",
                "len > 80",
                "ether src 02:00:00:00:00:01"
            })
    void aTagBesideTheFrameIsWhereItWasOnTheWire(String expression) throws IOException {
        Random random = new Random(expression.hashCode());
        int matched = 0;
        int compared = 0;
        for (int tag : new int[] {100, 0xe0c8}) {
            try (Rig rig = new Rig(Pcap.compile(expression, SNAPLEN));
                    BpfProgram beside = rig.beside(tag)) {
                for (int i = 0; i < FRAMES; i++) {
                    byte[] frame = frame(random);
                    if (frame.length < ETHERNET + 40) {
                        continue; // the test run refuses IP without its header
                    }
                    ByteBuffer wire = ByteBuffer.allocate(frame.length + 4).put(frame, 0, 12);
                    wire.putShort((short) 0x8100).putShort((short) tag).put(frame, 12, frame.length - 12);
                    int expected = rig.oracle(wire.array());
                    assertThat(TestRun.verdict(beside, frame)).as(expression).isEqualTo(expected);
                    matched += expected == 0 ? 0 : 1;
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(FRAMES);
        assertThat(matched == 0).as("something matches").isEqualTo(expression.equals("not vlan"));
    }

    @Test
    void theEmptyExpressionMatchesEverything() throws IOException {
        try (Rig rig = new Rig(Pcap.compile("", SNAPLEN))) {
            assertThat(rig.check(new byte[60])).isTrue();
        }
    }

    @Test
    void theVerifierAcceptsTheLongestExpressions() throws IOException {
        String hosts = IntStream.range(0, 50).mapToObj(i -> "host 10.0.0." + i).collect(Collectors.joining(" or "));
        String nets = IntStream.range(0, 24)
                .mapToObj(i -> "(port " + i + " and not net 2001:db8:" + i + "::/48)")
                .collect(Collectors.joining(" or "));
        for (String expression : List.of(hosts, nets)) {
            try (Rig rig = new Rig(Pcap.compile(expression, SNAPLEN))) {
                Random random = new Random(1);
                for (int i = 0; i < 100; i++) {
                    rig.check(frame(random));
                }
            }
        }
    }

    /** Instructions that no expression above leads to, and programs that nobody would write. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomFiltersComputeTheSame(long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            try (Rig rig = new Rig(filter(random))) {
                for (int frame = 0; frame < 20; frame++) {
                    rig.check(frame(random));
                }
            }
        }
    }

    private static ClassicFilter filter(Random random) {
        // All but shifts by X: from 32 on libpcap shifts everything out, the kernel looks at 5 bits.
        List<Integer> codes = List.of(
                0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xb1, 0x00, 0x01, 0x60, 0x61, 0x02, 0x03, 0x80, 0x81, 0x04, 0x0c,
                0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x74, 0x84, 0x94, 0x9c, 0xa4, 0xac,
                0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x07, 0x87);
        int size = 25;
        // The kernel clears scratch memory, libpcap does not.
        List<Instruction> filter = IntStream.range(0, ClassicFilter.MEMORY)
                .mapToObj(word -> new Instruction(0x02, 0, 0, word))
                .collect(Collectors.toCollection(ArrayList::new));
        for (int i = 0; i < size; i++) {
            int code = codes.get(random.nextInt(codes.size()));
            int k = random.nextInt(40);
            int jt = 0;
            int jf = 0;
            switch (code) {
                case 0x60, 0x61, 0x02, 0x03 -> k %= 16;
                case 0x34, 0x94, 0x64, 0x74 -> k = 1 + k % 31;
                case 0x05 -> k = random.nextInt(Math.min(3, size - i));
                default -> {
                    if ((code & 7) == 5) {
                        jt = random.nextInt(Math.min(3, size - i));
                        jf = random.nextInt(Math.min(3, size - i));
                        k = random.nextBoolean() ? k : -k;
                    }
                }
            }
            filter.add(new Instruction(code, jt, jf, k));
        }
        filter.add(new Instruction(0x16, 0, 0, 0));
        return new ClassicFilter(filter);
    }

    /** A filter in all the forms that there are. */
    private static final class Rig implements AutoCloseable {
        private final ByteBuffer code;
        private final ByteBuffer program = Native.allocate(16);
        private final BpfMap active = BpfMap.array("active", 8, 1);
        private final BpfMap sockets = BpfMap.ofQueues(Symbol.SOCKETS, 1);
        private final Fd xdpSocket = Fd.owned(BrokerCalls.LIBC.socket(44, 3 | 0x80000, 0), "socket(AF_XDP)");
        private final ClassicFilter filter;
        private final BpfProgram onSocket;
        private final BpfProgram onXdp;

        Rig(ClassicFilter filter) throws IOException {
            this.filter = filter;
            List<Instruction> instructions = filter.instructions();
            code = Native.allocate(instructions.size() * 8);
            for (Instruction i : instructions) {
                code.putShort((short) i.code())
                        .put((byte) i.jt())
                        .put((byte) i.jf())
                        .putInt(i.k());
            }
            program.putInt(0, instructions.size()).putLong(8, Native.address(code));
            active.put(0, Programs.ALLOWED);
            sockets.direct(0, xdpSocket.number());
            onSocket = Loading.loadFilter(Programs.packetFilter(Optional.of(filter)), active, LO);
            onXdp = Loading.load(
                    ProgramType.XDP, "xdp", Programs.xdpRedirect(Optional.of(filter)), Symbol.SOCKETS, sockets);
        }

        /** Whether the frame matches, in all forms alike. */
        boolean check(byte[] frame) throws IOException {
            int expected = oracle(frame);
            String what = filter.instructions() + " " + HexFormat.of().formatHex(frame);
            // The test run takes off an Ethernet header before it runs a socket's filter.
            byte[] behindHeader = new byte[ETHERNET + frame.length];
            System.arraycopy(frame, 0, behindHeader, ETHERNET, frame.length);
            assertThat(TestRun.verdict(onSocket, behindHeader)).as(what).isEqualTo(expected);
            int xdp = expected == 0 ? XDP_PASS : XDP_REDIRECT;
            assertThat(TestRun.verdict(onXdp, frame)).as("XDP %s", what).isEqualTo(xdp);
            return expected != 0;
        }

        int oracle(byte[] frame) {
            ByteBuffer header = Native.allocate(24).putInt(16, frame.length).putInt(20, frame.length);
            ByteBuffer bytes = Native.allocate(frame.length).put(0, frame);
            try {
                return Oracle.PCAP.pcap_offline_filter(program, header, bytes);
            } finally {
                Reference.reachabilityFence(code);
            }
        }

        /** The filter, for frames to which a tag is put first; sockets' filters cannot do that. */
        BpfProgram beside(int tag) throws IOException {
            List<Insn> code = new ArrayList<>(List.of(
                    Insns.mov(Reg.R6, Reg.R1),
                    Insns.mov(Reg.R2, 0x0081), // 0x8100 in network order
                    Insns.mov(Reg.R3, tag),
                    AnyHelper.call(SKB_VLAN_PUSH),
                    Insns.mov(Reg.R1, Reg.R6)));
            code.addAll(Programs.packetFilter(Optional.of(filter)));
            return Loading.load(
                    ProgramType.SCHED_CLS,
                    "beside",
                    code,
                    Map.of(Symbol.GATE, active.fd().number(), Symbol.IFINDEX, LO));
        }

        @Override
        public void close() {
            onXdp.close();
            onSocket.close();
            xdpSocket.close();
            sockets.close();
            active.close();
        }
    }

    /** A frame of some kind, sometimes with a byte changed or cut short. */
    private static byte[] frame(Random random) {
        ByteBuffer frame = ByteBuffer.allocate(200);
        mac(random, frame);
        mac(random, frame);
        if (random.nextInt(3) == 0) {
            frame.putShort((short) (random.nextInt(8) == 0 ? 0x88a8 : 0x8100));
            frame.putShort((short) (random.nextBoolean() ? 100 : 0xe0c8));
        }
        switch (random.nextInt(9)) {
            case 0 -> arp(random, frame);
            case 1 -> frame.putShort((short) 38).putInt(0x42420300).put(new byte[35]);
            case 2 -> frame.putShort((short) 0x88cc).put(new byte[46]);
            case 3, 4 -> ipv6(random, frame);
            default -> ipv4(random, frame);
        }
        frame.put(new byte[random.nextInt(40)]);
        byte[] bytes = Arrays.copyOf(frame.array(), Math.max(frame.position(), 60));
        return switch (random.nextInt(6)) {
            case 0 -> {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                yield bytes;
            }
            case 1 -> Arrays.copyOf(bytes, ETHERNET + random.nextInt(bytes.length - ETHERNET));
            default -> bytes;
        };
    }

    private static void mac(Random random, ByteBuffer frame) {
        long address = List.of(0x020000000001L, 0x020000000002L, 0xffffffffffffL, 0x0180c2000000L)
                .get(random.nextInt(4));
        frame.putShort((short) (address >>> 32)).putInt((int) address);
    }

    private static void arp(Random random, ByteBuffer frame) {
        frame.putShort((short) 0x0806).putInt(0x00010800).putShort((short) 0x0604);
        frame.putShort((short) (1 + random.nextInt(2))).put(new byte[6]).putInt(pick(random, ADDRESSES));
        frame.put(new byte[6]).putInt(pick(random, ADDRESSES));
    }

    private static void ipv4(Random random, ByteBuffer frame) {
        int words = random.nextInt(4) == 0 ? 6 : 5;
        frame.putShort((short) 0x0800).put((byte) (0x40 | words)).put((byte) 0);
        frame.putShort((short) (20 + random.nextInt(60))).putShort((short) random.nextInt(0x10000));
        frame.putShort((short) (random.nextInt(5) == 0 ? random.nextInt(0x4000) : 0x4000));
        int protocol = pick(random, List.of(6, 6, 17, 17, 1, 47));
        frame.put((byte) random.nextInt(128)).put((byte) protocol).putShort((short) 0);
        frame.putInt(pick(random, ADDRESSES)).putInt(pick(random, ADDRESSES)).put(new byte[(words - 5) * 4]);
        transport(random, frame);
    }

    private static void ipv6(Random random, ByteBuffer frame) {
        frame.putShort((short) 0x86dd).putInt(0x60000000).putShort((short) 20);
        frame.put(pick(random, List.of(6, 17, 58, 44)).byteValue()).put((byte) 64);
        for (int i = 0; i < 2; i++) {
            frame.putLong(0x20010db800000000L).putLong(1 + random.nextInt(2));
        }
        transport(random, frame);
    }

    private static void transport(Random random, ByteBuffer frame) {
        frame.putShort(pick(random, PORTS).shortValue())
                .putShort(pick(random, PORTS).shortValue());
        frame.putLong(random.nextLong()).put((byte) 0x50);
        frame.put(pick(random, List.of(2, 16, 17, 18)).byteValue()).put(new byte[6]);
        if (random.nextInt(4) == 0) {
            frame.put(frame.position() - 20, (byte) (random.nextBoolean() ? 8 : 0));
        }
    }

    private static <T> T pick(Random random, List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
