package io.sluice.lab.interop.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Iperf;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import io.sluice.lab.interop.CommandLine;
import io.sluice.lab.interop.Pings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A worker that joins A with a peer beside it, in the same namespace and of the same user:
 *
 * <pre>
 *   A: v0 ---- v1 [left = local port] (a socket, a device) [the peer] peer :B
 * </pre>
 *
 * <p>Network, broker and, where it inherits nothing, worker serve one test after another.
 *
 * <p>A has 10.9.0.1/24 on v0, and 10.9.0.2/24 is on the tap device {@link #DEVICE}, which the peer has opened, or the worker
 * itself, which makes the host's stack the peer.
 */
final class Crossing implements AutoCloseable {
    static final String DEVICE = "peer";

    /** Of the broker's namespace, for jails; a test makes and deletes it. */
    static final String BRIDGE = "br0";

    private static final Duration READY = Duration.ofSeconds(30);

    /** Of pings: usual, and the largest without fragments at an MTU of 1500, without the headers of IP and ICMP. */
    private static final int[] SIZES = {56, 1472};

    private final Lab lab;
    private final Topology net;
    private final SluiceStack stack;
    private final CommandLine commands;
    private final Path directory;
    private final List<RunningProcess> peers = new ArrayList<>();
    private RunningProcess worker;
    private boolean special;
    private Namespace peer;
    private String port = "";

    private Crossing(Lab lab) {
        this.lab = lab;
        net = Topology.make(lab);
        directory = lab.directory("peer", Identity.TENANT);
        peer = net.b();
        run(peer, "ip address flush dev v3");
        stack = SluiceStack.start(net, Install.find(), policy());
        commands = CommandLine.start(lab, stack);
    }

    /** The jails of taps speak for A to what else is in the bridge {@link #BRIDGE}. */
    private String policy() {
        String jail = "jail: {bridge: " + BRIDGE + ", mac: \"" + lab.mac(net.v0()) + "\", ipv4: [" + Topology.ADDRESS_A
                + "]}";
        return """
                # Made for one run of a test network.
                version: 1
                admins: [{uid: 0}]
                tenants:
                  crossing:
                    identity: {uid: %d}
                    quota: {leases: 16, memory: 256MiB}
                    grants:
                      left: {kind: packet, interface: v1, unconfined: true}
                      tap: {kind: tap, %s}
                      tap-4: {kind: tap, queues: 4, %s}
                      tap-plain: {kind: tap, offloads: false, %s}
                """.formatted(Identity.TENANT.uid(), jail, jail, jail);
    }

    /** Makes the network and starts the broker. */
    static Crossing make() {
        Lab lab = Lab.open();
        try {
            return new Crossing(lab);
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    /**
     * Makes the device, the worker's user's, where the peer is.
     *
     * @param options of ip tuntap: "vnet_hdr"
     */
    void device(String options) {
        run(
                peer,
                "ip tuntap add dev " + DEVICE + " mode tap user " + Identity.TENANT.uid() + " " + options
                        + "; ip address add " + Topology.ADDRESS_B + "/24 dev " + DEVICE + "; ip link set " + DEVICE
                        + " up");
    }

    /** Starts the worker and adds the port of A, unless it is there. */
    void worker() {
        if (worker == null) {
            start(List.of());
        }
    }

    /** Starts a worker that is root of a user namespace, and so of a network namespace in that; the peer is there, too. */
    void workerInUserNamespace() {
        replace();
        start(List.of("unshare", "--user", "--map-root-user", "--net", "--"), "--no-seccomp");
        peer = new Namespace(net.b().name() + "-user");
        lab.run(Command.of("ip", "netns", "attach", peer.name(), Long.toString(worker.pid())));
        Command delete = Command.of("ip", "netns", "delete", peer.name());
        lab.onClose(() -> lab.run(delete));
    }

    private void replace() {
        if (worker != null) {
            worker.close();
            worker = null;
        }
        special = true;
    }

    /**
     * Starts a worker that inherits what the words before it have opened, and adds the port of A.
     *
     * @param before words of a program that executes what follows them
     */
    void heir(List<String> before) {
        replace();
        start(before);
    }

    private void start(List<String> before, String... options) {
        Command plain = stack.workerCommand(
                Stream.concat(Stream.of("--broker", stack.brokerSocket().toString()), Stream.of(options))
                        .toArray(String[]::new));
        List<String> words = new ArrayList<>(before);
        words.addAll(plain.words());
        Command all = Command.of(words).in(peer).as(Identity.TENANT);
        for (var variable : plain.environment().entrySet()) {
            all = all.with(variable.getKey(), variable.getValue());
        }
        worker = lab.start(all);
        worker.awaitLine("sluice-worker ready", READY);
        sluice("port", "add", "left", "left");
    }

    /** Adds a port, {@code sluice port add WORDS...}, and links it with A's. */
    void port(String name, String... words) {
        sluice(Stream.concat(Stream.of("port", "add"), Stream.of(words)).toArray(String[]::new));
        port = name;
        run(net.a(), "ip neigh flush dev v0"); // the peer before this one had another MAC address
        sluice("link", "add", "left", name);
    }

    /** Ends what was made for one test: peers, the device, the port, and a worker that was not the usual one. */
    void reset() {
        peers.forEach(RunningProcess::close);
        peers.clear();
        Namespace before = peer;
        if (special) {
            replace();
            special = false;
            peer = net.b();
        } else if (!port.isEmpty()) {
            commands.run("link", "rm", "left-" + port);
            commands.run("port", "rm", port);
        }
        port = "";
        if (Files.exists(Path.of(before.path()))) {
            run(before, "ip link delete " + DEVICE + " 2>/dev/null || true");
        }
    }

    /** Starts a peer as the worker's user, beside it. */
    RunningProcess peer(String... words) {
        RunningProcess peer = lab.start(asTenant(words));
        peers.add(peer);
        return peer;
    }

    /** The same command, not started. */
    Command asTenant(String... words) {
        return Command.of(words).in(peer).as(Identity.TENANT);
    }

    /** A path for a socket that both may use. */
    String path(String name) {
        return directory.resolve(name).toString();
    }

    String sluice(String... words) {
        return commands.run(words).orThrow().output();
    }

    double counter(String port, String name) {
        return Counters.of(sluice("stats", "--json")).value(port, name);
    }

    /** Runs a line of shell as root. */
    String run(Namespace namespace, String line) {
        return lab.run(Command.of("sh", "-c", line).in(namespace)).output();
    }

    /** Where the peer is, and the worker but for its own user namespace. */
    Namespace peers() {
        return peer;
    }

    Topology net() {
        return net;
    }

    /** Pings both ways, small and as large as fits; nothing may be lost once the first has come through. */
    String pings() {
        String there = pingsFromA();
        for (int size : SIZES) {
            Pings.lossless(peer, Topology.ADDRESS_A, size);
        }
        return there + " and back";
    }

    /** From A to the peer. */
    String pingsFromA() {
        Pings.untilThere(net.a(), Topology.ADDRESS_B, () -> sluice("stats"));
        for (int size : SIZES) {
            Pings.lossless(net.a(), Topology.ADDRESS_B, size);
        }
        return "pings there";
    }

    /** TCP both ways, a second each, after which every packet has been accounted for. */
    String tcp() {
        Topology hosts = new Topology(lab, net.a(), net.dut(), peer);
        double there = Iperf.gigabitsAtOnce(hosts, Iperf.Direction.THERE);
        double back = Iperf.gigabitsAtOnce(hosts, Iperf.Direction.BACK);
        assertThat(there).as("TCP towards the peer").isPositive();
        assertThat(back).as("TCP from the peer").isPositive();
        assertThat(Counters.of(sluice("stats", "--json")).unaccounted())
                .as("packets unaccounted for")
                .isZero();
        return String.format(Locale.ROOT, "TCP %.2f Gbit/s there, %.2f back", there, back);
    }

    @Override
    public void close() {
        lab.close();
    }
}
