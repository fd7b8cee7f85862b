package io.sluice.lab.interop.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.Command;
import io.sluice.lab.Counters;
import io.sluice.lab.Finished;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Iperf;
import io.sluice.lab.Json;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A worker that joins A with a peer beside it, in the same namespace and of the same user:
 *
 * <pre>
 *   A: v0 ---- v1 [left = local port] (a socket, a device) [the peer] peer :B
 * </pre>
 *
 * <p>A has 10.9.0.1/24 on v0, and 10.9.0.2/24 is on the tap device {@link #DEVICE}, which the peer has opened, or the worker
 * itself, which makes the host's stack the peer.
 */
final class Crossing implements AutoCloseable {
    static final String DEVICE = "peer";

    private static final Duration READY = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Pattern LOSS = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");

    /** Of pings: usual, and the largest without fragments at an MTU of 1500, without the headers of IP and ICMP. */
    private static final int[] SIZES = {56, 1472};

    private static final String POLICY = """
            # Made for one run of a test network.
            version: 1
            admins: [{uid: 0}]
            tenants:
              crossing:
                identity: {uid: %d}
                quota: {leases: 16, memory: 256MiB}
                grants:
                  left: {kind: packet, interface: v1, unconfined: true}
            """.formatted(Identity.TENANT.uid());

    private final Lab lab = Lab.open();
    private final Topology net;
    private final SluiceStack stack;
    private final Path directory;

    private Crossing() {
        net = Topology.make(lab);
        directory = lab.directory("peer", Identity.TENANT);
        run(net.b(), "ip address flush dev v3");
        stack = SluiceStack.start(net, Install.find(), POLICY);
    }

    /** Makes the network and starts the broker. */
    static Crossing make() {
        return new Crossing();
    }

    /**
     * Makes the device, the worker's user's.
     *
     * @param options of ip tuntap: "vnet_hdr"
     */
    void device(String options) {
        run(
                net.b(),
                "ip tuntap add dev " + DEVICE + " mode tap user " + Identity.TENANT.uid() + " " + options
                        + "; ip address add " + Topology.ADDRESS_B + "/24 dev " + DEVICE + "; ip link set " + DEVICE
                        + " up");
    }

    /**
     * Starts the worker, and adds the port of A.
     *
     * @param before words of a program that executes what follows them
     * @return the process
     */
    RunningProcess worker(String... before) {
        Command plain = stack.workerCommand("--broker", stack.brokerSocket().toString());
        List<String> words = new ArrayList<>(List.of(before));
        words.addAll(plain.words());
        Command all = Command.of(words).in(net.b()).as(Identity.TENANT);
        for (var variable : plain.environment().entrySet()) {
            all = all.with(variable.getKey(), variable.getValue());
        }
        RunningProcess worker = lab.start(all);
        worker.awaitLine("sluice-worker ready", READY);
        sluice("port", "add", "left", "left");
        return worker;
    }

    /** Adds a port, {@code sluice port add WORDS...}, and links it with A's. */
    void port(String name, String... words) {
        sluice(Stream.concat(Stream.of("port", "add"), Stream.of(words)).toArray(String[]::new));
        sluice("link", "add", "left", name);
    }

    /** Starts a peer as the worker's user, beside it. */
    RunningProcess peer(String... words) {
        return lab.start(asTenant(words));
    }

    /** The same command, not started. */
    Command asTenant(String... words) {
        return Command.of(words).in(net.b()).as(Identity.TENANT);
    }

    /** A path for a socket that both may use. */
    String path(String name) {
        return directory.resolve(name).toString();
    }

    String sluice(String... words) {
        return stack.tenant(words).orThrow().output();
    }

    double counter(String port, String name) {
        return stack.counter(port, name);
    }

    /** Runs a line of shell as root. */
    String run(Namespace namespace, String line) {
        return lab.run(Command.of("sh", "-c", line).in(namespace)).output();
    }

    Topology net() {
        return net;
    }

    /** Pings both ways, small and as large as fits; nothing may be lost once the first has come through. */
    String pings() {
        String there = pingsFromA();
        for (int size : SIZES) {
            lossless(net.b(), Topology.ADDRESS_A, size);
        }
        return there + " and back";
    }

    /** From A to the peer. */
    String pingsFromA() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!ping(net.a(), "-c", "1", "-W", "1", Topology.ADDRESS_B).succeeded()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("nothing comes back from the peer\n" + sluice("stats"));
            }
        }
        for (int size : SIZES) {
            lossless(net.a(), Topology.ADDRESS_B, size);
        }
        return "pings there";
    }

    /** TCP both ways, a second each, after which every packet has been accounted for. */
    String tcp() {
        double there = Iperf.gigabits(net, Iperf.Direction.THERE, 1);
        double back = Iperf.gigabits(net, Iperf.Direction.BACK, 1);
        assertThat(there).as("TCP towards the peer").isPositive();
        assertThat(back).as("TCP from the peer").isPositive();
        assertThat(Counters.of(sluice("stats", "--json")).unaccounted())
                .as("packets unaccounted for")
                .isZero();
        return String.format(Locale.ROOT, "TCP %.2f Gbit/s there, %.2f back", there, back);
    }

    /** TCP both ways with a guest that serves iperf3. */
    String tcpWithGuest(int seconds) {
        double there = guest(seconds);
        double back = guest(seconds, "-R");
        assertThat(Counters.of(sluice("stats", "--json")).unaccounted())
                .as("packets unaccounted for")
                .isZero();
        return String.format(Locale.ROOT, "TCP %d s each: %.2f Gbit/s there, %.2f back", seconds, there, back);
    }

    private double guest(int seconds, String... more) {
        List<String> words =
                new ArrayList<>(List.of("iperf3", "-c", Topology.ADDRESS_B, "-t", Integer.toString(seconds), "-J"));
        words.addAll(List.of(more));
        Finished finished = RunningProcess.run(Command.of(words).in(net.a()), LIMIT.plusSeconds(seconds));
        Object result = Json.parse(finished.output());
        assertThat(Json.at(result, "error")).as("what iperf3 complains of").isEmpty();
        double rate = Json.number(result, "end", "sum_received", "bits_per_second");
        assertThat(rate).isPositive();
        return rate / 1e9;
    }

    /** The drops by port and reason, as people see them. */
    String drops() {
        Pattern drop = Pattern.compile("(?m)^\\S+: \\S*_drop_.*$");
        return "drops "
                + drop.matcher(sluice("stats"))
                        .results()
                        .map(MatchResult::group)
                        .toList();
    }

    private static void lossless(Namespace from, String to, int size) {
        Finished pings = ping(from, "-c", "5", "-i", "0.02", "-W", "5", "-M", "do", "-s", Integer.toString(size), to);
        Matcher loss = LOSS.matcher(pings.output());
        assertThat(loss.find()).as(pings.output() + pings.errors()).isTrue();
        assertThat(loss.group(2))
                .as("answers to pings of %d bytes to %s", size, to)
                .isEqualTo(loss.group(1));
    }

    private static Finished ping(Namespace from, String... words) {
        String[] all = Stream.concat(Stream.of("ping"), Stream.of(words)).toArray(String[]::new);
        return RunningProcess.run(Command.of(all).in(from), LIMIT);
    }

    @Override
    public void close() {
        lab.close();
    }
}
