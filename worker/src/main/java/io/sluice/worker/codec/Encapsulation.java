package io.sluice.worker.codec;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a tunnel is configured to be. Each record checks its values, so that a {@link Session} need not; messages say what
 * would be right.
 */
public sealed interface Encapsulation {
    /** What the socket that it runs on speaks. */
    Protocol protocol();

    /** What {@link Protocol#key} says of packets for this tunnel. */
    long key();

    /** A session in its initial state. */
    Session open();

    /**
     * GRE with an Ethernet payload, or NSH.
     *
     * @param rxKey key that received packets must have; empty: they must have none
     * @param txKey key that is sent; empty: none
     * @param sequence the sequence number of what is sent
     * @param firstSequence its first value if counted: RFC 2890 says 0, UML starts at 1
     * @param checksum whether what is sent has a checksum; received ones are verified always
     * @param nsh the NSH header between GRE and frame, if there is one
     */
    record Gre(
            OptionalInt rxKey,
            OptionalInt txKey,
            Counting sequence,
            int firstSequence,
            boolean checksum,
            Optional<Nsh> nsh)
            implements Encapsulation {
        private static final long WITH_KEY = 1L << 32;

        @Override
        public Protocol protocol() {
            return Protocol.GRE;
        }

        @Override
        public long key() {
            long key = rxKey.isPresent() ? keyed(rxKey.getAsInt()) : 0;
            return nsh.isPresent() ? nsh.get().key(key) : key;
        }

        /** A key is 32 bits, and having none is not the same as 0. */
        static long keyed(int key) {
            return WITH_KEY | (key & 0xffffffffL);
        }

        @Override
        public Session open() {
            return new GreSession(this);
        }
    }

    /**
     * L2TPv3 with an Ethernet pseudowire (RFC 4719), without its control protocol.
     *
     * @param overUdp over UDP, else over IP
     * @param rxSession session of what is received, 32 bits, not 0
     * @param txSession session of what is sent, 32 bits, not 0
     * @param counter the 32-bit word after the cookie, also in what is received
     * @param firstCounter its first value if counted: 1 for UML and QEMU
     * @param offset bytes of padding between header and frame, both ways; 0 to {@value #MAX_OFFSET}
     */
    record L2tpv3(
            boolean overUdp,
            int rxSession,
            int txSession,
            Cookie rxCookie,
            Cookie txCookie,
            Counting counter,
            int firstCounter,
            int offset)
            implements Encapsulation {
        /** What a frame's headroom holds beside the longest header. */
        public static final int MAX_OFFSET = 200;

        public L2tpv3 {
            require(rxSession != 0 && txSession != 0, "session 0 is for L2TP's control messages; 1 to 4294967295");
            require(offset >= 0 && offset <= MAX_OFFSET, "offset " + offset + ": 0 to " + MAX_OFFSET + " are possible");
        }

        @Override
        public Protocol protocol() {
            return overUdp ? Protocol.L2TPV3_UDP : Protocol.L2TPV3_IP;
        }

        @Override
        public long key() {
            return rxSession & 0xffffffffL;
        }

        @Override
        public Session open() {
            return new L2tpv3Session(this);
        }
    }

    /**
     * An L2TPv3 cookie.
     *
     * @param size bytes: 0, 4 or 8
     * @param value sent big-endian
     */
    record Cookie(int size, long value) {
        /** No cookie. */
        public static final Cookie NONE = new Cookie(0, 0);

        public Cookie {
            require(size == 0 || size == 4 || size == 8, "a cookie of " + size + " bytes; 0, 4 and 8 exist");
            require(
                    size == 8 || value >>> (size * 8) == 0,
                    "cookie " + Long.toHexString(value) + " is longer than " + size + " bytes");
        }
    }

    /** VXLAN. */
    record Vxlan(int vni) implements Encapsulation {
        public Vxlan {
            requireVni(vni);
        }

        @Override
        public Protocol protocol() {
            return Protocol.VXLAN;
        }

        @Override
        public long key() {
            return vni;
        }

        @Override
        public Session open() {
            return new VxlanSession(this);
        }
    }

    /** VXLAN-GPE with an Ethernet payload, or NSH. */
    record VxlanGpe(int vni, Optional<Nsh> nsh) implements Encapsulation {
        public VxlanGpe {
            requireVni(vni);
        }

        @Override
        public Protocol protocol() {
            return Protocol.VXLAN_GPE;
        }

        @Override
        public long key() {
            return nsh.isPresent() ? nsh.get().key(vni) : vni;
        }

        @Override
        public Session open() {
            return new VxlanGpeSession(this);
        }
    }

    /** Geneve with an Ethernet payload; sends no options, skips those that it receives. */
    record Geneve(int vni) implements Encapsulation {
        public Geneve {
            requireVni(vni);
        }

        @Override
        public Protocol protocol() {
            return Protocol.GENEVE;
        }

        @Override
        public long key() {
            return vni;
        }

        @Override
        public Session open() {
            return new GeneveSession(this);
        }
    }

    /**
     * NSH directly in Ethernet frames.
     *
     * @param destination MAC address of the next hop, in the low 48 bits
     * @param source our MAC address, likewise
     */
    record NshEthernet(long destination, long source, Nsh nsh) implements Encapsulation {
        public NshEthernet {
            require((destination | source) >>> 48 == 0, "a MAC address has 48 bits");
        }

        @Override
        public Protocol protocol() {
            return Protocol.NSH_ETHERNET;
        }

        @Override
        public long key() {
            return nsh.rxPath();
        }

        @Override
        public Session open() {
            return new NshEthernetSession(this);
        }
    }

    private static void requireVni(int vni) {
        require(vni >= 0 && vni < 1 << 24, "VNI " + Integer.toUnsignedString(vni) + ": 0 to 16777215 are possible");
    }

    private static void require(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }
}
