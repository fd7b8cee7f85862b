package io.sluice.compiler.bpf;

import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The language of tcpdump (pcap-filter(7)), compiled by libpcap. The library is loaded at the first use, so that a broker
 * whose policy has no expression does not need it.
 *
 * <p>libpcap looks up every word that it does not know, in files and in the DNS, and has no switch for that. So words
 * are checked before it sees them: keywords that we know, numbers and addresses pass, names of hosts, networks, ports and
 * protocols do not. Nor does the backslash, which makes a name of a keyword: {@code ip proto 6} needs none.
 */
public final class Pcap {
    private static final String LIBRARY = "libpcap.so.0.8";
    private static final int DLT_EN10MB = 1;
    private static final int OPTIMIZE = 1;
    private static final int NETMASK_UNKNOWN = -1;
    private static final int MAX_EXPRESSION = 1024;
    private static final int INSTRUCTION = 8;

    /** Words of libpcap 1.9 and later that mean something for Ethernet and look up nothing. */
    static final Set<String> KEYWORDS = Set.of("""
            and or not host net mask port portrange proto src dst less greater len broadcast multicast
            ether vlan mpls pppoed pppoes ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp pim vrrp carp ah esp stp iso llc
            icmptype icmpcode icmp-echoreply icmp-unreach icmp-sourcequench icmp-redirect icmp-echo icmp-routeradvert
            icmp-routersolicit icmp-timxceed icmp-paramprob icmp-tstamp icmp-tstampreply icmp6type icmp6code icmp6-echo
            icmp6-echoreply icmp6-routersolicit icmp6-routeradvert icmp6-neighborsolicit icmp6-neighboradvert
            icmp6-redirect tcpflags tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr""".split("\\s+"));

    private static final Pattern CHARACTERS = Pattern.compile("[-A-Za-z0-9_. \\t:()\\[\\]+*/&|<>=!^%]*");
    /** At least as long as what libpcap takes for one name, with what addresses have in addition. */
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][-A-Za-z0-9_.:]*|::[A-Fa-f0-9:]*");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}|0[xX][0-9a-fA-F]{1,8}");
    private static final Pattern RANGE = Pattern.compile("[0-9]{1,5}-[0-9]{1,5}");
    /** IPv4, whole or without its end; MAC; IPv6, whole or with a gap. Looser, and libpcap would see several words. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}([.][0-9]{1,3}){1,3}"
            + "|[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}|[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){7}"
            + "|(?=.*::)(?!.*::.*::|.*:::|.*[^:]:$)([0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}");

    private static Calls calls;

    /** What we call of the library; struct bpf_program is {u32 count, 4 bytes, address of the instructions}. */
    public interface Calls {
        /** pcap_open_dead(3): for compiling only, opens nothing. */
        Pointer pcap_open_dead(int linkType, int snapshotLength);

        /** pcap_compile(3): 0, or negative on an error. */
        int pcap_compile(Pointer pcap, ByteBuffer program, String expression, int optimize, int netmask);

        /** pcap_geterr(3). */
        String pcap_geterr(Pointer pcap);

        /** pcap_freecode(3). */
        void pcap_freecode(ByteBuffer program);

        /** pcap_close(3). */
        void pcap_close(Pointer pcap);
    }

    private Pcap() {}

    /**
     * Compiles an expression for Ethernet frames.
     *
     * @param expression up to 1024 characters; empty matches everything
     * @param snaplen how many bytes of a matching packet are kept
     * @throws IllegalArgumentException if it is too long, has names in it, or libpcap refuses it; says which and why
     * @throws IllegalStateException if libpcap is not installed
     */
    public static ClassicFilter compile(String expression, int snaplen) {
        Assembler.require(
                expression.length() <= MAX_EXPRESSION,
                "the expression has " + expression.length() + " characters, the most is " + MAX_EXPRESSION);
        Assembler.require(snaplen > 0, "a packet of which " + snaplen + " bytes are kept is none");
        requireNoNames(expression);
        Calls library = library();
        Pointer pcap = library.pcap_open_dead(DLT_EN10MB, snaplen);
        ByteBuffer program = Native.allocate(16);
        try {
            int result = library.pcap_compile(pcap, program, expression, OPTIMIZE, NETMASK_UNKNOWN);
            Assembler.require(result >= 0, "'" + expression + "': " + library.pcap_geterr(pcap));
            return read(program);
        } finally {
            library.pcap_freecode(program);
            library.pcap_close(pcap);
        }
    }

    private static ClassicFilter read(ByteBuffer program) {
        int count = program.getInt(0);
        Pointer code = Pointer.wrap(Runtime.getSystemRuntime(), program.getLong(8));
        List<ClassicFilter.Instruction> instructions = new ArrayList<>();
        for (int at = 0; at < Math.multiplyExact(count, INSTRUCTION); at += INSTRUCTION) {
            instructions.add(new ClassicFilter.Instruction(
                    Short.toUnsignedInt(code.getShort(at)),
                    Byte.toUnsignedInt(code.getByte(at + 2)),
                    Byte.toUnsignedInt(code.getByte(at + 3)),
                    code.getInt(at + 4)));
        }
        return new ClassicFilter(instructions);
    }

    /** Throws IllegalArgumentException, naming the word, at what libpcap might look up. */
    static void requireNoNames(String expression) {
        boolean plain = CHARACTERS.matcher(expression).matches();
        Assembler.require(plain, "'" + expression + "' is no expression: it has characters that none has");
        Matcher words = WORD.matcher(expression);
        String before = "";
        while (words.find()) {
            String word = words.group();
            boolean range = before.equals("portrange") && RANGE.matcher(word).matches();
            Assembler.require(
                    range || harmless(word),
                    "'" + word + "' in '" + expression
                            + "' is no keyword, number or address that we know, and names are not looked up: write its number");
            before = word;
        }
    }

    /** Offset and size, as in {@code tcp[tcpflags:1]}, are two words. */
    private static boolean harmless(String word) {
        return ADDRESS.matcher(word).matches()
                || Stream.of(word.split(":", -1))
                        .allMatch(part ->
                                KEYWORDS.contains(part) || NUMBER.matcher(part).matches());
    }

    private static synchronized Calls library() {
        if (calls == null) {
            try {
                calls = Native.library(Calls.class).failImmediately().load(LIBRARY);
            } catch (UnsatisfiedLinkError e) {
                throw new IllegalStateException(
                        LIBRARY + ", which capture filters need, cannot be loaded: apt-get install libpcap0.8", e);
            }
        }
        return calls;
    }
}
