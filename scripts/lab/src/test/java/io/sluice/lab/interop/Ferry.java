package io.sluice.lab.interop;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A worker that carries A's frames over a tunnel to a peer in B, added with the words that users type:
 *
 * <pre>
 *   A: v0 ---- v1 [left = tunnel] v2 ---- v3 :B        A has 10.9.0.1/24 on v0, the peer's own device 10.9.0.2/24
 * </pre>
 *
 * <p>The underlay is v2 to v3, 192.0.2.1 to 192.0.2.2 and fd00:2::1 to fd00:2::2. UDP sockets are the worker's own; those of
 * GRE and L2TPv3 over IP, and some of UDP, come from the broker, in jails that the host routes to: {@link #GRE}, {@link #L2TPV3}.
 */
final class Ferry implements AutoCloseable {
    static final String NEAR = "192.0.2.1";
    static final String FAR = "192.0.2.2";
    static final String NEAR6 = "fd00:2::1";
    static final String FAR6 = "fd00:2::2";
    static final String GRE = "198.51.100.10";
    static final String GRE6 = "fd00:7::10";
    static final String L2TPV3 = "198.51.100.20";
    static final String L2TPV3_6 = "fd00:7::20";
    static final String UDP6 = "fd00:7::30";

    /** Leaves room for every header on a path of 1500 bytes. */
    static final int MTU = 1400;

    private static final Duration READY = Duration.ofSeconds(30);

    private final Lab lab;
    private final Topology net;
    private final SluiceStack stack;
    private final CommandLine commands;
    private String tunnel = "";

    private Ferry(Lab lab, String grants) {
        this.lab = lab;
        net = Topology.make(lab);
        underlay();
        stack = SluiceStack.start(net, Install.find(), policy(grants));
        commands = CommandLine.start(lab, stack);
    }

    private static String policy(String more) {
        return """
            # Made for one run of a test network.
            version: 1
            admins: [{uid: 0}]
            tenants:
              ferry:
                identity: {uid: %d}
                quota: {leases: 16, memory: 256MiB}
                grants:
                  left: {kind: packet, interface: v1, unconfined: true}
                  right: {kind: packet, interface: v2, unconfined: true}
                  gre4: {kind: gre, jail: {gateway: 198.51.100.1, mac: "02:00:00:00:07:10", ipv4: [198.51.100.10]}}
                  gre6: {kind: gre, jail: {gateway: "fd00:7::1", mac: "02:00:00:00:07:11", ipv6: ["fd00:7::10"]}}
                  l2tp4: {kind: l2tpv3, jail: {gateway: 198.51.100.1, mac: "02:00:00:00:07:12", ipv4: [198.51.100.20]}}
                  l2tp6: {kind: l2tpv3, jail: {gateway: "fd00:7::1", mac: "02:00:00:00:07:13", ipv6: ["fd00:7::20"]}}
                  udp4: {kind: udp, port: 4789, jail: {gateway: 198.51.100.1, mac: "02:00:00:00:07:15", ipv4: [198.51.100.30]}}
                  udp6: {kind: udp, port: 1701, jail: {gateway: "fd00:7::1", mac: "02:00:00:00:07:16", ipv6: ["fd00:7::30"]}}
            """.formatted(Identity.TENANT.uid()) + more.indent(6);
    }

    /** Makes the network and starts broker and worker. */
    static Ferry launch() {
        Ferry ferry = moored("");
        try {
            ferry.worker(ferry.workerCommand());
            ferry.sluice("port", "add", "left", "left");
            return ferry;
        } catch (RuntimeException e) {
            ferry.close();
            throw e;
        }
    }

    /**
     * Makes the network and starts the broker, no worker.
     *
     * @param grants more of them, a line each
     */
    static Ferry moored(String grants) {
        Lab lab = Lab.open();
        try {
            return new Ferry(lab, grants);
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    /** The worker's command, as the tenant in the network of the underlay, where it opens UDP sockets by itself. */
    Command workerCommand() {
        return stack.workerCommand("--broker", stack.brokerSocket().toString()).in(net.dut());
    }

    /** Starts the worker. */
    void worker(Command command) {
        lab.start(command).awaitLine("sluice-worker ready", READY);
    }

    private void underlay() {
        lab.mtu(net.v0(), MTU);
        run(net.b(), "ip address flush dev v3");
        for (Namespace.Device end : List.of(net.v2(), net.v3())) {
            // Peers in user space see frames as they would be on a wire, and checksums are filled in.
            lab.features(end, "tx", "off", "tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off");
            run(end.namespace(), "echo 0 >/proc/sys/net/ipv6/conf/" + end.name() + "/disable_ipv6");
        }
        run(net.dut(), "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
        run(net.dut(), "echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
        run(net.dut(), "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
        run(net.dut(), "ip address add " + NEAR + "/24 dev v2; ip -6 address add " + NEAR6 + "/64 dev v2 nodad");
    }

    /** Gives a device of B the underlay's addresses, and routes to the jails. */
    void farAddresses(String device) {
        run(net.b(), "ip address add " + FAR + "/24 dev " + device + "; ip link set " + device + " up");
        run(net.b(), "ip route add 198.51.100.0/24 via " + NEAR);
        run(net.b(), "echo 0 >/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6");
        run(
                net.b(),
                "ip -6 address add " + FAR6 + "/64 dev " + device + " nodad; ip -6 route add fd00:7::/64 via " + NEAR6);
    }

    /** Makes {@code device} of B, which a peer has made, the one that A speaks to. */
    void inner(String device) {
        run(net.b(), "ip address add " + Topology.ADDRESS_B + "/24 dev " + device);
        run(net.b(), "ip link set " + device + " mtu " + MTU + " up");
    }

    /** Adds the tunnel's port, {@code sluice port add WORDS...}, and links it with A's. */
    void tunnel(String name, String... words) {
        sluice(Stream.concat(Stream.of("port", "add"), Stream.of(words)).toArray(String[]::new));
        tunnel = name;
        run(net.a(), "ip neigh flush dev v0"); // the peer before this one had another MAC address
        sluice("link", "add", "left", name);
    }

    /** Removes the tunnel, if there is one. */
    void untie() {
        if (!tunnel.isEmpty()) {
            String gone = tunnel;
            tunnel = "";
            commands.run("link", "rm", "left-" + gone);
            sluice("port", "rm", gone);
        }
    }

    String sluice(String... words) {
        return commands.run(words).orThrow().output();
    }

    /** The worker's counters. */
    Counters counters() {
        return Counters.of(sluice("stats", "--json"));
    }

    Topology net() {
        return net;
    }

    Lab lab() {
        return lab;
    }

    /** Runs a line of shell in a namespace; throws if it fails. */
    String run(Namespace namespace, String line) {
        return lab.run(Command.of("sh", "-c", line).in(namespace)).output();
    }

    /** Whether a program is installed. */
    static boolean has(String program) {
        return RunningProcess.run(Command.of("sh", "-c", "command -v " + program), READY)
                .succeeded();
    }

    @Override
    public void close() {
        lab.close();
    }
}
