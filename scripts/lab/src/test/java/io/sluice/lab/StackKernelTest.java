package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole path, as operators and tenants see it: real processes, real namespaces, the command line. */
@Tag("kernel")
final class StackKernelTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Lab lab;
    private Topology net;
    private SluiceStack stack;

    @BeforeEach
    void openLab() {
        lab = Lab.open();
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private RunningProcess forwarding(Kind kind, String... options) {
        net = Topology.make(lab);
        if (kind == Kind.XDP) {
            net.withoutOffloads();
        }
        stack = SluiceStack.start(net, Install.find(), SluiceStack.policy(kind, "auto"));
        RunningProcess worker = stack.startWorker(options);
        stack.connect(kind);
        return worker;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    @Tag("smoke")
    void trafficCrossesAndEveryPacketIsAccountedFor(Kind kind) {
        forwarding(kind);

        assertThat(pings()).isTrue();
        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.THERE)).isPositive();

        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.balance("received")).isGreaterThan(100);
        assertThat(counters.unaccounted()).isZero();
        assertThat(counters.value("left", "rx_packets") - counters.value("left", "rx_merged"))
                .isEqualTo(counters.value("right", "tx_packets"));
    }

    /** The threads of the JVM among them, which start before any of ours and while traffic flows. */
    @Test
    void nothingElseOfAWorkerRunsOnTheCpuOfADataPathThread() throws IOException {
        String mine = allowed(Path.of("/proc/self"));
        String last = mine.substring(Math.max(mine.lastIndexOf(','), mine.lastIndexOf('-')) + 1);
        RunningProcess worker = forwarding(Kind.PACKET, "--cpus", last);
        assertThat(pings()).isTrue();

        Map<Boolean, List<String>> lists = new HashMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + worker.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                boolean moves = Files.readString(task.resolve("comm")).startsWith("data-path");
                lists.computeIfAbsent(moves, unused -> new ArrayList<>()).add(allowed(task));
            }
        }
        assertThat(lists.get(true)).containsExactly(last);
        assertThat(lists.get(false)).hasSizeGreaterThan(5);
        if (!mine.equals(last)) {
            assertThat(lists.get(false)).noneMatch(list -> list.matches("(.*[-,])?" + last));
        }
    }

    private static String allowed(Path process) throws IOException {
        return Files.readAllLines(process.resolve("status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void jailedPortsForwardWhatTheirRulesAllow(Kind kind) {
        net = Topology.make(lab);
        if (kind == Kind.XDP) {
            net.withoutOffloads();
        }
        stack = SluiceStack.start(net, Install.find(), Jails.policy(net, kind));
        stack.startWorker();
        stack.connect(kind);

        until(this::pings);
        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.THERE)).isPositive();
        assertThat(Jails.hostEnds(net)).hasSize(2);
        assertThat(stack.operator("lease", "show", "1").orThrow().output())
                .contains("jail@br1", "from_tenant_packets", "to_tenant_packets")
                .doesNotContain("drop");

        lab.address(net.v0(), "10.9.0.77/24"); // not the tenant's to speak for
        RunningProcess.run(
                Command.of("ping", "-c", "2", "-W", "1", "-I", "10.9.0.77", Topology.ADDRESS_B)
                        .in(net.a()),
                LIMIT);
        assertThat(stack.operator("lease", "show", "2", "--json").orThrow().output())
                .containsPattern("from_tenant_drop_(arp|ipv4)");

        stack.operator("lease", "revoke", "1").orThrow();
        assertThat(Jails.hostEnds(net)).hasSize(1);
        assertThat(pings()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aRevokedLeaseStopsTheTrafficAndThePortSaysWhy(Kind kind) {
        forwarding(kind);
        assertThat(pings()).isTrue();

        stack.operator("lease", "revoke", "1", "--why", "a test").orThrow();

        assertThat(pings()).isFalse();
        String ports = stack.tenant("port", "ls", "--json").orThrow().output();
        assertThat(ports).contains("lease ended: revoked").contains("\"up\"");
        assertThat(stack.operator("lease", "ls", "--json").orThrow().output()).doesNotContain("\"grant\":\"left\"");
        assertThat(audit()).contains("revoked: by uid 61000: a test");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void leasesEndWithTheWorkerAndNothingOfThemIsLeft(Kind kind) {
        try (RunningProcess worker = forwarding(kind)) {
            int before = descriptors(stack.broker().pid());
            worker.kill();

            until(() ->
                    stack.operator("lease", "ls", "--json").orThrow().output().contains("\"leases\":[]"));
            assertThat(descriptors(stack.broker().pid())).isLessThan(before);
            assertThat(lab.run(Command.of("ip", "-o", "link").in(net.dut())).output())
                    .as("no XDP program is left")
                    .doesNotContain("xdp");
        }
        stack.startWorker();
        stack.connect(kind);
        assertThat(pings()).as("a new worker gets the same devices").isTrue();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void portsAndLinksComeBackWithTheBroker(Kind kind) {
        forwarding(kind);
        stack.broker().kill();
        until(() -> stack.tenant("port", "ls", "--json").orThrow().output().contains("the broker is gone"));
        assertThat(pings()).isFalse();

        stack.startBroker();

        until(this::pings);
    }

    @Test
    void onlyItsOwnUidMayTalkToAWorker() {
        forwarding(Kind.PACKET);

        assertThat(stack.operator("port", "ls"))
                .satisfies(root -> assertThat(root.exit()).isEqualTo(5))
                .satisfies(root -> assertThat(root.errors()).contains("uid 0"));
        assertThat(stack.as(Identity.OTHER_TENANT, "port", "ls").exit()).isEqualTo(5);
        assertThat(stack.tenant("lease", "ls").exit())
                .as("a tenant is no operator")
                .isEqualTo(5);
    }

    @Test
    void aVectorDeviceOfUserModeLinuxIsAPort() {
        forwarding(Kind.PACKET);
        stack.tenant("link", "rm", "left-right").orThrow();
        stack.tenant("port", "rm", "left").orThrow();

        stack.tenant("port", "add", "vec0:transport=raw,ifname=v1,depth=128").orThrow();
        stack.tenant("link", "add", "vec0", "right").orThrow();

        assertThat(pings()).isTrue();
        Finished later = stack.tenant("port", "add", "vec1:transport=gre");
        assertThat(later.exit()).isEqualTo(1);
        assertThat(later.errors()).contains("transport=gre needs dst=");
    }

    @Test
    void aPortIsTunedWhileTrafficFlows() {
        forwarding(Kind.PACKET);
        assertThat(stack.tenant("port", "show", "left").orThrow().output())
                .contains("tcp-segmentation-offload: on", "tx-usecs: 0", "depth: 256 (at most 256)");

        stack.tenant("port", "set", "right", "tx-usecs=500", "tx-frames=8", "tso=off", "depth=64")
                .orThrow();

        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.THERE)).isPositive();
        assertThat(pings()).isTrue();
        String shown = stack.tenant("port", "show", "right").orThrow().output();
        assertThat(shown)
                .contains("tx-usecs: 500", "tcp-segmentation-offload: off", "tx-checksumming: on", "depth: 64")
                .containsPattern("tx_kicks: [1-9]");
        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.value("right", "tx_segmented")).isPositive();
        assertThat(counters.unaccounted()).isZero();
        assertThat(stack.tenant("port", "set", "right", "depth=0").exit()).isEqualTo(1);
    }

    @Test
    void aSuperframeTowardsAnXdpPortIsSegmented() {
        net = Topology.make(lab);
        // Only B's side is an xdp device: A sends superframes, the worker cuts them.
        lab.features(net.v3(), "tx", "off", "tso", "off", "gso", "off");
        String policy = SluiceStack.policy(Kind.PACKET, "auto")
                .replaceAll("right: .*", "right: {kind: xdp, interface: v2, queues: [0]}");
        stack = SluiceStack.start(net, Install.find(), policy);
        stack.startWorker();
        stack.addPort("left", Kind.PACKET);
        stack.addPort("right", Kind.XDP);
        stack.tenant("link", "add", "left", "right").orThrow();

        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.THERE)).isPositive();

        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.balance("created")).isPositive();
        assertThat(counters.unaccounted()).isZero();
        assertThat(counters.value("right", "tx_drop_superframe")).isZero();
    }

    @Test
    void jumboFramesCrossXdpPortsWhole() {
        net = Topology.make(lab);
        net.withoutOffloads();
        List.of(net.v0(), net.v1(), net.v2(), net.v3()).forEach(device -> lab.mtu(device, 9000));
        stack = SluiceStack.start(net, Install.find(), SluiceStack.policy(Kind.XDP, "native"));
        stack.startWorker();
        stack.connect(Kind.XDP);
        assertThat(stack.tenant("port", "show", "left").orThrow().output()).contains("MTU 9000", "multi-buffer");

        // 8972 bytes, an ICMP and an IP header: 9000, each answered with the same bytes, which ping compares.
        Command whole =
                Command.of("ping", "-c", "5", "-i", "0.2", "-W", "1", "-M", "do", "-s", "8972", Topology.ADDRESS_B);
        assertThat(RunningProcess.run(whole.in(net.a()), LIMIT).orThrow().output())
                .contains("5 received")
                .doesNotContain("wrong data");
        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.THERE)).isPositive();
        assertThat(Iperf.gigabitsAtOnce(net, Iperf.Direction.BACK)).isPositive();

        Counters counters =
                Counters.of(stack.tenant("stats", "--json").orThrow().output());
        assertThat(counters.value("right", "tx_bytes") / counters.value("right", "tx_packets"))
                .as("bytes of a packet")
                .isGreaterThan(2_048);
        assertThat(counters.unaccounted()).isZero();
    }

    @Test
    void aBrokenPolicyChangesNothingAndAGoodOneEndsWhatItNoLongerAllows() throws IOException {
        forwarding(Kind.PACKET);
        String good = Files.readString(stack.policyFile());
        Files.writeString(stack.policyFile(), good.replace("kind: packet", "kind: pocket"));

        Finished broken = stack.operator("policy", "reload");

        assertThat(broken.exit()).isEqualTo(1);
        assertThat(broken.errors()).contains("policy.yaml:9:20: kind is").contains("pocket");
        assertThat(pings()).isTrue();

        Files.writeString(stack.policyFile(), good.replaceAll("(?m)^ *right: .*\\n", ""));
        stack.operator("policy", "reload").orThrow();

        assertThat(pings()).isFalse();
        assertThat(stack.tenant("port", "ls").orThrow().output()).contains("lease ended: policy");
    }

    @Test
    void aWorkerThatThePolicyDoesNotKnowIsToldSo() {
        forwarding(Kind.PACKET);

        Path directory = lab.directory("other", Identity.OTHER_TENANT);
        Finished stranger = stack.as(
                Identity.OTHER_TENANT,
                "worker",
                "--broker",
                stack.brokerSocket().toString(),
                "--socket",
                directory.resolve("worker.sock").toString());

        assertThat(stranger.exit()).isEqualTo(5);
        assertThat(stranger.errors()).contains("no tenant of the policy has uid 61002");
        assertThat(pings()).isTrue();
    }

    private boolean pings() {
        return RunningProcess.run(
                        Command.of("ping", "-c", "2", "-i", "0.2", "-W", "1", Topology.ADDRESS_B)
                                .in(net.a()),
                        LIMIT)
                .succeeded();
    }

    private String audit() {
        try {
            return Files.readString(stack.audit());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int descriptors(long pid) {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for what another process does in its own time. */
    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("time is up").isNegative();
        }
    }
}
