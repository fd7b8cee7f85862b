package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.ListLeases;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoke;
import io.sluice.lab.Command;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.Namespace;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Where the cases are played: a live broker in a {@link Topology}, an attacker (tenant blue) whose wire is A's, and a
 * victim (tenant red) whose wire is B's and who receives a steady stream of numbered frames meanwhile.
 */
final class Ground implements AutoCloseable {
    /** Who attacks. */
    static final Identity BLUE = Identity.TENANT;

    /** Who must not suffer. */
    static final Identity RED = Identity.OTHER_TENANT;

    static final String BLUE_MAC = "02:00:00:00:01:10";
    static final String RED_MAC = "02:00:00:00:01:20";
    static final String BLUE_ADDRESS = "10.1.0.10";
    static final String RED_ADDRESS = "10.1.0.20";

    /** Of the hosts on the wires, whoever they are. */
    static final String HOST_MAC = "02:00:00:00:02:01";

    static final String HOST_ADDRESS = "10.1.0.1";

    /** What the attacker's neighbour on its own wire sends to it. */
    static final Sender FOREIGN = new Sender("udp", HOST_MAC, BLUE_MAC, HOST_ADDRESS, BLUE_ADDRESS, 0);

    /** What the attacker may send. */
    static final Sender LEGAL = new Sender("udp", BLUE_MAC, HOST_MAC, BLUE_ADDRESS, HOST_ADDRESS, 0);

    /** What the victim receives. */
    static final Sender STREAM = new Sender("udp", HOST_MAC, RED_MAC, HOST_ADDRESS, RED_ADDRESS, 0);

    private static final int STREAM_RATE = 500;
    static final Duration LIMIT = Duration.ofSeconds(15);

    private final Lab lab;
    private final Topology net;
    private final Programs programs;
    private final SluiceStack stack;
    private final Tenant victim;
    private final Wire left;
    private final Wire right;
    private final Wire streamWire;
    private final List<Tenant> attackers = new ArrayList<>();

    private Ground(Lab lab, Topology net, Programs programs, SluiceStack stack, boolean sharedWire) {
        this.lab = lab;
        this.net = net;
        this.programs = programs;
        this.stack = stack;
        this.left = new Wire(lab.start(programs.wire("v0").in(net.a())));
        this.right = new Wire(lab.start(programs.wire("v3").in(net.b())));
        this.streamWire = sharedWire ? left : right;
        this.victim = new Tenant(lab.start(programs.hostile(RED)));
        assertThat(victim.connect(socket())).isEqualTo("welcome red");
        assertThat(victim.acquire(0, "lan")).isZero();
        stream();
    }

    /** Makes what a ground needs besides the wires, before the broker starts. */
    @FunctionalInterface
    interface Preparation {
        /** Prepares {@code net}. */
        void run(Topology net);
    }

    /** A ground whose tenants have grants on v1 and v2 themselves. */
    static Ground open(String policy, Preparation preparation) {
        return open(policy, preparation, false);
    }

    /** A ground whose victim's stream comes over A's wire, as the attacker's traffic does. */
    static Ground shared(String policy, Preparation preparation) {
        return open(policy, preparation, true);
    }

    private static Ground open(String policy, Preparation preparation, boolean sharedWire) {
        Lab lab = Lab.open();
        try {
            Topology net = Topology.make(lab, 2);
            preparation.run(net);
            Install install = Install.find();
            Programs programs = Programs.compile(install, lab);
            return new Ground(lab, net, programs, SluiceStack.start(net, install, policy), sharedWire);
        } catch (Throwable e) {
            lab.close();
            throw e;
        }
    }

    /** The test network. */
    Topology net() {
        return net;
    }

    /** The lab. */
    Lab lab() {
        return lab;
    }

    /** The broker. */
    SluiceStack stack() {
        return stack;
    }

    /** A's end of the attacker's wire. */
    Wire left() {
        return left;
    }

    /** B's end of the victim's wire. */
    Wire right() {
        return right;
    }

    /** The broker's socket for tenants. */
    Path socket() {
        return stack.brokerSocket();
    }

    /** The victim. */
    Tenant victim() {
        return victim;
    }

    /** An attacker without anything. */
    Tenant stranger() {
        return attackBy(programs.hostile(BLUE));
    }

    private Tenant attackBy(Command program) {
        Tenant tenant = new Tenant(lab.start(program));
        attackers.add(tenant);
        return tenant;
    }

    /** Ends all attackers and waits until the broker has nothing of theirs any more. */
    void forgetAttackers() {
        attackers.forEach(Ground::end);
        attackers.clear();
        until("the attacker's leases have ended", () -> leases("blue").isEmpty());
    }

    /** An attacker that is connected. */
    Tenant attacker() {
        Tenant tenant = stranger();
        assertThat(tenant.connect(socket())).isEqualTo("welcome blue");
        return tenant;
    }

    /** A program that is root to begin with. */
    Tenant root() {
        return attackBy(programs.hostileAsRoot());
    }

    /** An attacker that holds what a careless maker has made where the broker works. */
    Tenant weak(String... maker) {
        return attackBy(programs.weak(BLUE, maker).in(net.dut()));
    }

    /** The same, and lives where the broker works. */
    Tenant weakBeside(Identity tenant, String... maker) {
        return attackBy(programs.weakBeside(tenant, maker).in(net.dut()));
    }

    /** The same with root's capabilities. */
    Tenant weakRoot(String... maker) {
        return attackBy(programs.weakAsRoot(maker).in(net.dut()));
    }

    /** The same in another namespace. */
    Tenant weakIn(Namespace namespace, String... maker) {
        return attackBy(programs.weak(BLUE, maker).in(namespace));
    }

    /** Rules on a device where the broker works, dropping all, that go with the process that has made them. */
    RunningProcess guard(String device) {
        RunningProcess guard = lab.start(programs.guard(device).in(net.dut()));
        guard.awaitLine("ready", LIMIT);
        return guard;
    }

    /** Somebody who listens on a device where the broker works. */
    Wire listenAt(String device) {
        return new Wire(lab.start(programs.wire(device).in(net.dut())));
    }

    /** The index of a device where the broker works. */
    int ifindex(String device) {
        String line = lab.run(
                        Command.of("ip", "-o", "link", "show", "dev", device).in(net.dut()))
                .output();
        return Integer.parseInt(line.substring(0, line.indexOf(':')));
    }

    /** Starts the victim's stream and count anew. */
    void stream() {
        stream(STREAM_RATE);
    }

    /** The same with so many frames a second. */
    void stream(int rate) {
        streamWire.stop();
        assertThat(victim.ask("watch 0")).isEqualTo("ok");
        streamWire.feed(rate, STREAM);
    }

    /** Stops the victim's stream and checks that all of it has arrived. Returns how many frames it had. */
    long unharmed() {
        long sent = streamWire.stop();
        until(
                "the victim has all " + sent + " frames",
                () -> victim.count("watched").victim() >= sent);
        Counts got = victim.count("watched");
        assertThat(got.victim()).as("frames of the victim's stream").isEqualTo(sent);
        assertThat(got.lost()).as("frames that the victim misses").isZero();
        assertThat(stack.broker().isAlive()).as("the broker lives").isTrue();
        return sent;
    }

    /** The live leases of a tenant. */
    List<LeaseInfo> leases(String tenant) {
        try (BrokerClient admin = admin()) {
            return admin
                    .call(Request.newBuilder().setListLeases(ListLeases.getDefaultInstance()))
                    .getLeaseList()
                    .getLeasesList()
                    .stream()
                    .filter(lease -> lease.getTenant().equals(tenant))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Revokes all of a tenant's leases. */
    void revoke(String tenant) {
        for (LeaseInfo lease : leases(tenant)) {
            try (BrokerClient admin = admin()) {
                admin.call(Request.newBuilder()
                        .setRevoke(Revoke.newBuilder().setLease(lease.getId()).setWhy("hostile")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private BrokerClient admin() throws IOException {
        return BrokerClient.connect(stack.adminSocket(), "suite", notice -> {}, end -> {});
    }

    /** How many descriptors the broker has open. */
    int descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + stack.broker().pid() + "/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The devices where the broker works. */
    String devices() {
        return lab.run(Command.of("ip", "-o", "-d", "link").in(net.dut())).output();
    }

    /** Waits for what others do in their own time. */
    static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("in time: %s", what).isNegative();
        }
    }

    /** A value in KiB from a file of /proc, such as MemAvailable or VmRSS. */
    static long kibibytes(String file, String name) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends a process of the attacker's. */
    static void end(Tenant tenant) {
        RunningProcess process = tenant.process();
        process.close();
    }

    @Override
    public void close() {
        lab.close();
    }
}
