package io.sluice.worker.conductor.plan;

import java.util.OptionalLong;

/** Ethernet frames behind the header of a tunnel. Fields are named as UML, QEMU and Open vSwitch name them. */
public sealed interface TunnelTransport extends Transport {
    /** Largest VXLAN or Geneve network identifier. */
    int MAX_VNI = 0xff_ffff;

    /** What the packets travel in. */
    UnderlayPlan underlay();

    /**
     * GRE (RFC 2784, 2890) over IP protocol 47.
     *
     * @param rxKey expected in what comes, 32 bits; both keys or none
     * @param txKey put into what goes
     * @param sequence whether packets are numbered
     * @param pinSequence whether that number stays 0
     */
    record Gre(UnderlayPlan underlay, OptionalLong rxKey, OptionalLong txKey, boolean sequence, boolean pinSequence)
            implements TunnelTransport, NshCarrier {
        public Gre {
            underlay.require("gre", false);
            if (rxKey.isPresent() != txKey.isPresent()) {
                throw new IllegalArgumentException("gre has an rx key and a tx key, or neither");
            }
            rxKey.ifPresent(key -> Checks.range("rx key", key, 0, Checks.U32));
            txKey.ifPresent(key -> Checks.range("tx key", key, 0, Checks.U32));
            if (pinSequence && !sequence) {
                throw new IllegalArgumentException("a pinned sequence is one: it needs sequence, too");
            }
        }

        @Override
        public String kind() {
            return "gre";
        }
    }

    /**
     * The cookies of an L2TPv3 session.
     *
     * @param bytes 0, 4 or 8
     * @param rx expected in what comes, in the low bits
     * @param tx put into what goes
     */
    record Cookie(int bytes, long rx, long tx) {
        /** No cookies. */
        public static final Cookie NONE = new Cookie(0, 0, 0);

        public Cookie {
            if (bytes != 0 && bytes != 4 && bytes != 8) {
                throw new IllegalArgumentException("a cookie of " + bytes * 8 + " bits: 0, 32 or 64 are expected");
            }
            long excess = bytes == 8 ? 0 : bytes == 4 ? ~Checks.U32 : -1;
            if (((rx | tx) & excess) != 0) {
                throw new IllegalArgumentException("a cookie is longer than " + bytes * 8 + " bits; ask for one of "
                        + (bytes == 0 ? "32 or " : "") + "64 bits");
            }
        }
    }

    /**
     * L2TPv3 data packets of a static session (RFC 3931, 4719), over UDP or IP protocol 115.
     *
     * @param rxSession expected in what comes, 32 bits
     * @param txSession put into what goes
     * @param counter whether packets are numbered
     * @param pinCounter whether that number stays 0
     * @param offset bytes of padding between header and frame, 0..256
     */
    record L2tpv3(
            UnderlayPlan underlay,
            long rxSession,
            long txSession,
            Cookie cookie,
            boolean counter,
            boolean pinCounter,
            int offset)
            implements TunnelTransport {
        private static final int MOST_OFFSET = 256;

        public L2tpv3 {
            // Over IP, session 0 is that of control messages (RFC 3931, 4.1.1.1).
            long least = underlay.udp() ? 0 : 1;
            Checks.range("rx session", rxSession, least, Checks.U32);
            Checks.range("tx session", txSession, least, Checks.U32);
            Checks.range("offset", offset, 0, MOST_OFFSET);
            if (pinCounter && !counter) {
                throw new IllegalArgumentException("a pinned counter is one: it needs counter, too");
            }
        }

        @Override
        public String kind() {
            return "l2tpv3";
        }
    }

    /** VXLAN (RFC 7348). */
    record Vxlan(UnderlayPlan underlay, int vni) implements TunnelTransport {
        /** UDP port unless another one is asked for. */
        public static final int PORT = 4789;

        public Vxlan {
            underlay.require("vxlan", true);
            Checks.range("vni", vni, 0, MAX_VNI);
        }

        @Override
        public String kind() {
            return "vxlan";
        }
    }

    /** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). */
    record VxlanGpe(UnderlayPlan underlay, int vni, Payload payload) implements TunnelTransport, NshCarrier {
        /** UDP port unless another one is asked for. */
        public static final int PORT = 4790;

        /** What follows its header. */
        public enum Payload {
            /** A frame. */
            ETHERNET,
            /** A network service header, and behind it a frame. */
            NSH
        }

        public VxlanGpe {
            underlay.require("vxlan-gpe", true);
            Checks.range("vni", vni, 0, MAX_VNI);
        }

        @Override
        public String kind() {
            return "vxlan-gpe";
        }
    }

    /** Geneve (RFC 8926). */
    record Geneve(UnderlayPlan underlay, int vni) implements TunnelTransport {
        /** UDP port unless another one is asked for. */
        public static final int PORT = 6081;

        public Geneve {
            underlay.require("geneve", true);
            Checks.range("vni", vni, 0, MAX_VNI);
        }

        @Override
        public String kind() {
            return "geneve";
        }
    }
}
