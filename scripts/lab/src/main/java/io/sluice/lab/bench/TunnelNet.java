package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import io.sluice.lab.Topology;

/**
 * Two hosts, A and B, and between them the two ends of a tunnel, whose underlay is a wire of 1500 bytes:
 *
 * <pre>
 *   A: v0 ---- v1 near v2 ======== v2 far v1 ---- v0 :B        inside 10.9.0.1/24 and 10.9.0.2/24, MTU 1400
 *                      192.0.2.1  192.0.2.2
 *                      fd00:2::1  fd00:2::2
 * </pre>
 *
 * <p>The underlay's devices have neither segmentation nor checksum offload, so that what crosses it is what would cross a
 * cable: with them a veth hands the kernel's superframes, tunnel header and all, to the other side, in which no user-space
 * tunnel could take part. A kernel tunnel at the far end is host B itself: {@link #hostIsFar}.
 */
final class TunnelNet {
    private static final int MTU = 1400;

    private final Lab lab;
    private final Namespace a;
    private final Namespace near;
    private final Namespace far;
    private final Namespace b;

    /** An end of the tunnel. */
    enum End {
        NEAR(1),
        FAR(2);

        private final int number;

        End(int number) {
            this.number = number;
        }

        /** 1 or 2. */
        int number() {
            return number;
        }

        End other() {
            return this == NEAR ? FAR : NEAR;
        }

        /** Its address on the underlay. */
        String address(boolean v6) {
            return (v6 ? "fd00:2::" : "192.0.2.") + number;
        }

        /** The address of its sockets of raw IP, which are in a jail behind it. */
        String jail() {
            return "198.51.10" + number + ".10";
        }

        /** The address of the end itself, as the jail's gateway. */
        String gateway() {
            return "198.51.10" + number + ".1";
        }
    }

    /** Makes it; it ends with {@code lab}. */
    TunnelNet(Lab lab) {
        this.lab = lab;
        a = lab.namespace("a");
        near = lab.namespace("near");
        far = lab.namespace("far");
        b = lab.namespace("b");
        for (Namespace namespace : new Namespace[] {a, near, far, b}) {
            run(namespace, "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 >$f; done");
        }
        lab.veth(a.device("v0"), near.device("v1"));
        lab.veth(near.device("v2"), far.device("v2"));
        lab.veth(b.device("v0"), far.device("v1"));
        for (Namespace host : new Namespace[] {a, b}) {
            lab.mtu(host.device("v0"), MTU);
        }
        lab.address(a.device("v0"), Topology.ADDRESS_A + "/24");
        lab.address(b.device("v0"), Topology.ADDRESS_B + "/24");
        for (End end : End.values()) {
            run(at(end), "echo 1 >/proc/sys/net/ipv4/ip_forward");
            lab.features(at(end).device("v2"), "tx", "off", "tso", "off", "gso", "off", "tx-udp-segmentation", "off");
            underlay(end, "v2");
        }
    }

    Lab lab() {
        return lab;
    }

    /** The namespace of an end. */
    Namespace at(End end) {
        return end == End.NEAR ? near : far;
    }

    /** An end and its host, as a stack of Sluice knows its surroundings. */
    Topology around(End end) {
        return end == End.NEAR ? new Topology(lab, a, near, far) : new Topology(lab, b, far, near);
    }

    /** A and the host that it talks to, for streams. */
    Topology hosts(boolean hostIsFar) {
        return new Topology(lab, a, near, hostIsFar ? far : b);
    }

    /** Gives a device of an end the underlay's addresses, and a route to the other's sockets of raw IP. */
    void underlay(End end, String device) {
        Namespace here = at(end);
        run(here, "echo 0 >/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6");
        run(here, "ip link set " + device + " up; ip address add " + end.address(false) + "/24 dev " + device);
        run(here, "ip -6 address add " + end.address(true) + "/64 dev " + device + " nodad");
        run(
                here,
                "ip route add 198.51.10" + end.other().number() + ".0/24 via "
                        + end.other().address(false));
    }

    /** Takes the underlay's addresses off a device. */
    void noUnderlay(End end, String device) {
        run(at(end), "ip address flush dev " + device + "; ip link set " + device + " up");
    }

    /** Makes {@code peer}, a device of the far end, the host that A talks to. */
    void hostIsFar() {
        run(far, "ip address add " + Topology.ADDRESS_B + "/24 dev peer; ip link set peer mtu " + MTU + " up");
    }

    /**
     * Prepares the hosts for a contender.
     *
     * @param superframes whether it takes what exceeds a frame, and frames without checksum, as a veth has them
     */
    void prepare(boolean superframes) {
        String on = superframes ? "on" : "off";
        for (Namespace host : new Namespace[] {a, b}) {
            lab.features(host.device("v0"), "tx", on, "tso", on, "gso", on, "gro", on);
            run(host, "ip neigh flush dev v0");
        }
        for (End end : End.values()) {
            // The contender before this one had other MAC addresses.
            run(at(end), "ip neigh flush all; ip -6 neigh flush all");
            lab.features(at(end).device("v2"), "gro", on);
            lab.features(at(end).device("v1"), "gro", "off");
        }
    }

    /** Has A's end take a flood: a veth takes redirected frames only if its peer has GRO on, or an XDP program. */
    void takeFlood() {
        lab.features(near.device("v1"), "gro", "on");
    }

    /** Runs a line of shell in a namespace; throws if it fails. */
    String run(Namespace namespace, String line) {
        return lab.run(Command.of("sh", "-c", line).in(namespace)).output();
    }
}
