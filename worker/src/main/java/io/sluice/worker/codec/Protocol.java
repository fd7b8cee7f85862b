package io.sluice.worker.codec;

import java.nio.ByteBuffer;

/** A tunnel protocol as a socket sees it: which of the tunnels on that socket a packet is for. */
public enum Protocol {
    /** GRE, IP protocol 47 (RFC 2784, RFC 2890). */
    GRE(47, 0) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return GreSession.key(bytes, offset, length);
        }
    },

    /** L2TPv3 over UDP (RFC 3931, 4.1.2). */
    L2TPV3_UDP(17, 1701) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return L2tpv3Session.keyOverUdp(bytes, offset, length);
        }
    },

    /** L2TPv3 over IP, protocol 115 (RFC 3931, 4.1.1). */
    L2TPV3_IP(115, 0) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return L2tpv3Session.keyOverIp(bytes, offset, length);
        }
    },

    /** VXLAN (RFC 7348). */
    VXLAN(17, 4789) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return VxlanSession.key(bytes, offset, length);
        }
    },

    /** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). */
    VXLAN_GPE(17, 4790) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return VxlanGpeSession.key(bytes, offset, length);
        }
    },

    /** Geneve (RFC 8926). */
    GENEVE(17, 6081) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return GeneveSession.key(bytes, offset, length);
        }
    },

    /** NSH in Ethernet frames (RFC 8300); not over IP. */
    NSH_ETHERNET(0, 0) {
        @Override
        public long key(ByteBuffer bytes, int offset, int length) {
            return NshEthernetSession.key(bytes, offset, length);
        }
    };

    private static final int UDP = 17;

    private final int ipProtocol;
    private final int port;

    Protocol(int ipProtocol, int port) {
        this.ipProtocol = ipProtocol;
        this.port = port;
    }

    /**
     * Reads the fixed part of a packet.
     *
     * @param offset first byte of the tunnel header
     * @param length bytes from there to the packet's end
     * @return the key that {@link Encapsulation#key()} has for the tunnel, 57 bits at most and 40 without NSH, or a {@link Drop#code()}
     */
    public abstract long key(ByteBuffer bytes, int offset, int length);

    /** Number in the IP header; 0: none. */
    public int ipProtocol() {
        return ipProtocol;
    }

    /** Whether it runs over UDP, else over IP itself. */
    public boolean isUdp() {
        return ipProtocol == UDP;
    }

    /** The UDP port that the protocol was given; 0 without UDP. */
    public int defaultPort() {
        return port;
    }
}
