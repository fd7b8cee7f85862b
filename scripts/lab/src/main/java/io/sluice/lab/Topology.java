package io.sluice.lab;

import io.sluice.lab.Namespace.Device;

/**
 * The network that everything is shown and measured on: two hosts that only the device under test joins.
 *
 * <pre>
 *   A: v0 ---- v1 DUT v2 ---- v3 :B        A has 10.9.0.1/24 on v0, B has 10.9.0.2/24 on v3
 * </pre>
 *
 * <p>Nothing in it talks by itself: IPv6 is off, so every frame seen is one that was sent on purpose.
 *
 * @param lab where it was made
 * @param a the left host
 * @param dut where the broker runs, and forwarders that need privileges
 * @param b the right host
 */
public record Topology(Lab lab, Namespace a, Namespace dut, Namespace b) {
    /** Address of A. */
    public static final String ADDRESS_A = "10.9.0.1";

    /** Address of B. */
    public static final String ADDRESS_B = "10.9.0.2";

    /**
     * The kernel's default, whatever this machine's is. Of the hosts rather than of a connection: one that has begun with
     * bbr stays paced, by a timer for each superframe, also when it is told to use another (bbr_init in net/ipv4/tcp_bbr.c sets
     * sk_pacing_status, and nothing takes it back), and iperf3 tells it after connect(2).
     */
    private static final String CONGESTION_CONTROL = "cubic";

    /** Makes it, with one queue per device. */
    public static Topology make(Lab lab) {
        return make(lab, 1);
    }

    /**
     * Makes it, with {@code queues} queues each way on the devices under test. The hosts send through one: where they have
     * several, the kernel chooses by a hash whose key is another one after each boot, so that a frame could be in any.
     */
    public static Topology make(Lab lab, int queues) {
        Topology topology = new Topology(lab, lab.namespace("a"), lab.namespace("dut"), lab.namespace("b"));
        for (Namespace namespace : new Namespace[] {topology.a, topology.dut, topology.b}) {
            // A kernel without IPv6 has none of these files, and nothing to switch off.
            lab.run(Command.of(
                            "sh",
                            "-c",
                            "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 >$f; done")
                    .in(namespace));
        }
        for (Namespace host : new Namespace[] {topology.a, topology.b}) {
            lab.run(Command.of("sh", "-c", "echo " + CONGESTION_CONTROL + " >/proc/sys/net/ipv4/tcp_congestion_control")
                    .in(host));
        }
        lab.veth(topology.v0(), 1, topology.v1(), queues);
        lab.veth(topology.v3(), 1, topology.v2(), queues);
        lab.address(topology.v0(), ADDRESS_A + "/24");
        lab.address(topology.v3(), ADDRESS_B + "/24");
        return topology;
    }

    /** A's device. */
    public Device v0() {
        return a.device("v0");
    }

    /** The device under test's left. */
    public Device v1() {
        return dut.device("v1");
    }

    /** The device under test's right. */
    public Device v2() {
        return dut.device("v2");
    }

    /** B's device. */
    public Device v3() {
        return b.device("v3");
    }

    /**
     * Makes the end hosts send what fits into one frame and fills every checksum: for forwarders that see frames only,
     * such as AF_XDP ones, since a veth otherwise leaves both to a device that does not exist.
     */
    public void withoutOffloads() {
        for (Device end : new Device[] {v0(), v3()}) {
            lab.features(end, "tx", "off", "tso", "off", "gso", "off", "gro", "off");
        }
    }
}
