package io.sluice.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Sluice in a {@link Topology}, started by its launcher as an operator would: the broker with the few capabilities that it needs
 * in the device under test's namespace, the gateway and the worker as unprivileged users in empty namespaces. The grants
 * {@code left} (v1) and {@code right} (v2) belong to {@link Identity#TENANT}.
 */
public final class SluiceStack {
    private static final Duration READY = Duration.ofSeconds(20);
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final AtomicInteger TRACES = new AtomicInteger();
    static final Identity GATEWAY = new Identity(61000, 61000);

    private final Lab lab;
    private final Install install;
    private final Path sockets;
    private final Path tenantSockets;
    private final Path gatewaySockets;
    private final Path policy;
    private final Topology net;
    private RunningProcess broker;
    private RunningProcess gateway;

    private SluiceStack(Topology net, Install install, String policyText) {
        this.lab = net.lab();
        this.install = install.readableBy(Identity.TENANT, lab);
        this.sockets = lab.directory("broker");
        this.tenantSockets = lab.directory("worker", Identity.TENANT);
        this.gatewaySockets = lab.directory("gateway", GATEWAY);
        this.policy = sockets.resolve("policy.yaml");
        write(policy, policyText);
        this.net = net;
        startBroker();
    }

    /** Starts the broker again after it has ended. */
    public void startBroker() {
        broker = lab.start(traced(
                        install,
                        "broker",
                        "--policy",
                        policy.toString(),
                        "--socket",
                        brokerSocket().toString(),
                        "--admin-socket",
                        adminSocket().toString(),
                        "--audit",
                        audit().toString())
                .in(net.dut()));
        broker.awaitLine("sluice-broker ready", READY);
    }

    /**
     * Starts the broker.
     *
     * @param net where; its v1 and v2 are granted
     * @param install what to start; copied if the tenant cannot read it
     * @param policy text of the policy file, for example {@link #policy}
     */
    public static SluiceStack start(Topology net, Install install, String policy) {
        return new SluiceStack(net, install.mustBeBuilt(), policy);
    }

    /** A policy that grants v1 and v2 to the tenant with ports of {@code kind}. */
    public static String policy(Kind kind, String xdpMode) {
        return String.join(
                "\n",
                "# Made for one run of a test network.",
                "version: 1",
                "admins: [{uid: 0}, {uid: " + GATEWAY.uid() + "}]",
                "tenants:",
                "  quick:",
                "    identity: {uid: " + Identity.TENANT.uid() + "}",
                "    quota: {leases: 16, memory: 256MiB}",
                "    grants:",
                "      left: " + grant(kind, "v1", xdpMode),
                "      right: " + grant(kind, "v2", xdpMode),
                "    grace: 10s",
                "");
    }

    private static String grant(Kind kind, String device, String xdpMode) {
        return switch (kind) {
            case PACKET -> "{kind: packet, interface: " + device + ", unconfined: true}";
            case XDP ->
                "{kind: xdp, interface: " + device + ", queues: [0], mode: " + xdpMode
                        + ", busy-poll: {timeout: 20us, budget: 64}}";
        };
    }

    /** Starts the gateway. */
    public void startGateway() {
        gateway = lab.start(install.sluice(
                        "gateway",
                        "--broker-admin",
                        adminSocket().toString(),
                        "--socket",
                        gatewaySocket().toString(),
                        "--group",
                        "root")
                .inEmptyNetwork()
                .as(GATEWAY));
        gateway.awaitLine("sluice-gateway ready", READY);
    }

    /** Starts a worker as the tenant. The caller may close it earlier than the lab. */
    public RunningProcess startWorker(String... options) {
        RunningProcess worker = lab.start(
                workerCommand(Stream.concat(Stream.of("--broker", brokerSocket().toString()), Stream.of(options))
                        .toArray(String[]::new)));
        worker.awaitLine("sluice-worker ready", READY);
        return worker;
    }

    /** The worker's command with {@code options}, as the tenant in an empty namespace. */
    public Command workerCommand(String... options) {
        return traced(
                        install,
                        Stream.concat(
                                        Stream.of(
                                                "worker",
                                                "--socket",
                                                workerSocket().toString()),
                                        Stream.of(options))
                                .toArray(String[]::new))
                .inEmptyNetwork()
                .as(Identity.TENANT);
    }

    /** The command {@code sluice WORDS...}, its system calls written to a directory if SLUICE_TRACE names one. */
    private static Command traced(Install install, String... words) {
        Command command = install.sluice(words);
        String directory = System.getenv("SLUICE_TRACE");
        if (directory == null) {
            return command;
        }
        List<String> traced = new ArrayList<>(List.of("strace", "-D", "-f", "-qq", "-s", "40", "-o"));
        traced.add(Path.of(directory, words[0] + "-" + TRACES.incrementAndGet()).toString());
        traced.addAll(command.words());
        return Command.of(traced);
    }

    /** Adds the ports left and right and links them. */
    public void connect(Kind kind) {
        addPort("left", kind);
        addPort("right", kind);
        tenant("link", "add", "left", "right").orThrow();
    }

    /** Adds a port named as its grant. */
    public void addPort(String grant, Kind kind) {
        tenant(portAdd(grant, kind).toArray(String[]::new)).orThrow();
    }

    /** The words of the command line that add the port. */
    public static List<String> portAdd(String grant, Kind kind) {
        return List.of("port", "add", grant, grant, "--kind", kind.word());
    }

    /** Runs {@code sluice WORDS...} as the tenant, who alone may talk to its worker. */
    public Finished tenant(String... words) {
        return RunningProcess.run(environment(install.sluice(words)).as(Identity.TENANT), ANSWER);
    }

    /** {@code command} as the tenant, who finds the sockets in its environment. */
    public Command asTenant(Command command) {
        return environment(command).as(Identity.TENANT);
    }

    /** The command {@code sluice WORDS...} as the tenant, in an empty namespace, to be started. */
    public Command tenantCommand(String... words) {
        return environment(install.sluice(words)).as(Identity.TENANT).inEmptyNetwork();
    }

    /** Runs {@code sluice WORDS...} as somebody else. */
    public Finished as(Identity identity, String... words) {
        return RunningProcess.run(environment(install.sluice(words)).as(identity), ANSWER);
    }

    /** Runs {@code sluice WORDS...} as root, the operator, for whom the gateway is started with the first of them. */
    public Finished operator(String... words) {
        if (gateway == null) {
            startGateway();
        }
        return RunningProcess.run(environment(install.sluice(words)), ANSWER);
    }

    /** A counter of a port. */
    public double counter(String port, String name) {
        return Counters.of(tenant("stats", "--json").orThrow().output()).value(port, name);
    }

    private Command environment(Command command) {
        return command.with("SLUICE_BROKER", brokerSocket().toString())
                .with("SLUICE_ADMIN", adminSocket().toString())
                .with("SLUICE_GATEWAY", gatewaySocket().toString())
                .with("SLUICE_WORKER", workerSocket().toString());
    }

    /** The environment and launcher for a person's shell, as the tenant: a prefix for words of the command line. */
    public String shell(Optional<Identity> user) {
        String drop = user.map(identity -> "setpriv --reuid=" + identity.uid() + " --regid=" + identity.gid()
                        + " --clear-groups env SLUICE_WORKER=" + workerSocket() + " ")
                .orElse("env SLUICE_GATEWAY=" + gatewaySocket() + " ");
        return drop + install.home().resolve("scripts/sluice");
    }

    /** Where its programs are. */
    public Install install() {
        return install;
    }

    /** The broker's process. */
    public RunningProcess broker() {
        return broker;
    }

    /** The policy file. */
    public Path policyFile() {
        return policy;
    }

    /** The audit file. */
    public Path audit() {
        return sockets.resolve("audit.jsonl");
    }

    /** The broker's socket for tenants. */
    public Path brokerSocket() {
        return sockets.resolve("broker.sock");
    }

    /** The broker's socket for the gateway. */
    public Path adminSocket() {
        return sockets.resolve("admin.sock");
    }

    /** The gateway's gRPC socket. */
    public Path gatewaySocket() {
        return gatewaySockets.resolve("gateway.sock");
    }

    /** Where a worker of the tenant can keep its state. */
    public Path stateDirectory() {
        return tenantSockets.resolve("state");
    }

    /** The worker's gRPC socket. */
    public Path workerSocket() {
        return tenantSockets.resolve("worker.sock");
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
