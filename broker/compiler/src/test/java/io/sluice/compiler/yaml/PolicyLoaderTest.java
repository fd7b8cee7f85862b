package io.sluice.compiler.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.broker.policy.BusyPoll;
import io.sluice.broker.policy.Fanout;
import io.sluice.broker.policy.Identity;
import io.sluice.broker.policy.PacketGrant;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Program;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Rings;
import io.sluice.broker.policy.Tenant;
import io.sluice.broker.policy.XdpGrant;
import io.sluice.broker.policy.XdpMode;
import io.sluice.compiler.bpf.Assembler;
import io.sluice.compiler.bpf.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the loader makes of good files, and of what can't be read at all. Errors in content: {@link PolicyErrorsTest}. */
class PolicyLoaderTest {
    private static final Program XDP_PROGRAM =
            PolicyDecoder.program(Assembler.assemble(Programs.xdpRedirect(Optional.empty())));
    private static final Program SOCKET_PROGRAM =
            PolicyDecoder.program(Assembler.assemble(Programs.packetFilter(Optional.empty())));
    private static final Program RING_PROGRAM =
            PolicyDecoder.program(Assembler.assemble(Programs.packetFilter(Optional.empty(), true)));
    private static final Path POLICIES = Path.of("../../policies");

    @TempDir
    private Path directory;

    @Test
    void readsEveryKey() throws PolicyException {
        Policy policy = load("""
                version: 1
                admins: [ { user: root }, { group: sluice-admin }, { uid: 7 }, { gid: 4294967294 } ]
                tenants:
                  blue:
                    identity: { user: blue }
                    quota: { leases: 3, memory: 1GiB, connections: 2 }
                    grace: 1500ms
                    grants:
                      uplink:
                        kind: xdp
                        interface: eth1
                        queues: [0, 2-3]
                        mode: native
                        force-copy: true
                        rx-only: true
                        rings: { rx: 512, tx: 1, fill: 262144, completion: 64 }
                        busy-poll: { timeout: 2ms, budget: 8 }
                      lan:
                        kind: packet
                        interface: eth0.100
                        unconfined: true
                        sockets: 32
                        fanout: qm
                        offloads: false
                        promiscuous: true
                        buffer: 512KiB
                        ring-frames: 4096
                """);
        assertThat(policy.admins())
                .containsExactly(
                        new Identity(Identity.Kind.UID, 0),
                        new Identity(Identity.Kind.GID, 990),
                        new Identity(Identity.Kind.UID, 7),
                        new Identity(Identity.Kind.GID, -2));
        assertThat(policy.tenants())
                .containsExactly(new Tenant(
                        "blue",
                        new Identity(Identity.Kind.UID, 1001),
                        new Quota(3, 1L << 30, 2, 64),
                        1500,
                        List.of(
                                new XdpGrant(
                                        "uplink",
                                        new Place.Host("eth1"),
                                        List.of(0, 2, 3),
                                        XdpMode.NATIVE,
                                        true,
                                        true,
                                        new Rings(512, 1, 262144, 64),
                                        Optional.of(new BusyPoll(2000, 8)),
                                        XDP_PROGRAM),
                                new PacketGrant(
                                        "lan",
                                        new Place.Host("eth0.100"),
                                        32,
                                        Fanout.QM,
                                        false,
                                        true,
                                        512 << 10,
                                        4096,
                                        SOCKET_PROGRAM))));
    }

    @Test
    void whatIsLeftOutHasItsDefault() throws PolicyException {
        Policy policy = load("""
                version: 1
                tenants:
                  t:
                    identity: { gid: 5 }
                    grants:
                      x: { kind: xdp, interface: eth0 }
                      b: { kind: xdp, interface: eth0, busy-poll: {}, rings: {} }
                      p: { kind: packet, interface: eth0, unconfined: true }
                """);
        assertThat(policy.admins()).containsExactly(new Identity(Identity.Kind.UID, 0));
        Tenant tenant = policy.tenant("t").orElseThrow();
        assertThat(tenant.quota()).isEqualTo(new Quota(16, 256L << 20, 4, 64));
        assertThat(tenant.graceMs()).isZero();
        Rings rings = new Rings(4096, 2048, 4096, 2048);
        assertThat(tenant.grants())
                .containsExactly(
                        new XdpGrant(
                                "x",
                                new Place.Host("eth0"),
                                List.of(0),
                                XdpMode.AUTO,
                                false,
                                false,
                                rings,
                                Optional.empty(),
                                XDP_PROGRAM),
                        new XdpGrant(
                                "b",
                                new Place.Host("eth0"),
                                List.of(0),
                                XdpMode.AUTO,
                                false,
                                false,
                                rings,
                                Optional.of(new BusyPoll(20, 64)),
                                XDP_PROGRAM),
                        new PacketGrant(
                                "p", new Place.Host("eth0"), 1, Fanout.HASH, true, false, 4 << 20, 2048, RING_PROGRAM));
    }

    @Test
    void keepsSourceAndText() throws PolicyException, IOException {
        String text = "version: 1\r\ntenants: {}   # nobody, été\r\n";
        Path file = Files.writeString(directory.resolve("policy.yaml"), text);
        Policy policy = PolicyLoader.load(file, new FakeIdentities());
        assertThat(policy.source()).isEqualTo(file.toString());
        assertThat(policy.text()).isEqualTo(text);
        assertThat(policy.tenants()).isEmpty();
    }

    static Stream<Path> everyExample() throws IOException {
        try (Stream<Path> files = Files.list(POLICIES)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("everyExample")
    void everyExamplePolicyLoadsOnAnyHost(Path file) throws PolicyException {
        Policy policy = PolicyLoader.load(file, new FakeIdentities());
        assertThat(policy.tenants()).isNotEmpty();
    }

    @Test
    void theCommentedExampleSaysWhichValuesAreDefaults() throws PolicyException {
        Policy policy = PolicyLoader.load(POLICIES.resolve("example.yaml"), new FakeIdentities());
        Tenant blue = policy.tenant("blue").orElseThrow();
        assertThat(blue.quota()).isEqualTo(Quota.DEFAULT);
        XdpGrant uplink = (XdpGrant) blue.grant("uplink").orElseThrow();
        assertThat(uplink.rings()).isEqualTo(Rings.DEFAULT);
        assertThat(uplink.busyPoll()).contains(BusyPoll.DEFAULT);
        PacketGrant lan =
                (PacketGrant) policy.tenant("green").orElseThrow().grant("lan").orElseThrow();
        assertThat(lan)
                .isEqualTo(new PacketGrant(
                        "lan", new Place.Host("eth0"), 4, Fanout.HASH, true, false, 4 << 20, 2048, RING_PROGRAM));
    }

    @Test
    void theExampleOfTheReferenceLoads() throws PolicyException, IOException {
        String page = Files.readString(Path.of("../../docs/policy.md"));
        String example = page.substring(page.indexOf("```yaml\n") + 8);
        Policy policy = load(example.substring(0, example.indexOf("```")));
        assertThat(policy.tenant("blue").orElseThrow().grants()).hasSize(2);
    }

    @Test
    void aMissingFileIsAnErrorWithoutALine() {
        Path file = directory.resolve("none.yaml");
        PolicyException e = refused(file);
        assertThat(e).hasMessage(file + ": there is no such file; expected a policy");
        assertThat(e.errors().get(0).line()).isZero();
    }

    @Test
    void aDirectoryCannotBeRead() {
        assertThat(refused(directory))
                .hasMessage(directory + ": cannot be read (java.io.IOException: Is a directory); expected a policy");
    }

    @Test
    void aByteThatIsNotUtf8IsFound() throws IOException {
        Path file = directory.resolve("latin1.yaml");
        Files.write(file, new byte[] {'a', ':', ' ', '1', '\n', (byte) 0xC3, (byte) 0xA9, ':', (byte) 0xE9, '\n'});
        assertThat(refused(file)).hasMessage(file + ":2:3: not UTF-8; expected a text file in UTF-8");
    }

    @Test
    void exactlyTheLargestFileIsRead() throws IOException, PolicyException {
        String policy = "version: 1\ntenants: { }\n";
        Path file = directory.resolve("large.yaml");
        // Two bytes a character: bytes are what counts.
        Files.writeString(file, policy + "#" + "é".repeat((PolicyLoader.MAX_BYTES - policy.length() - 2) / 2) + "\n");
        assertThat(Files.size(file)).isEqualTo(PolicyLoader.MAX_BYTES);
        assertThat(PolicyLoader.load(file, new FakeIdentities()).tenants()).isEmpty();
        Files.writeString(file, Files.readString(file) + "#");
        assertThat(refused(file)).hasMessage(file + ": larger than 256KiB; expected a smaller file");
    }

    private static Policy load(String text) throws PolicyException {
        return PolicyLoader.load("p.yaml", text, new FakeIdentities());
    }

    private static PolicyException refused(Path file) {
        return catchThrowableOfType(PolicyException.class, () -> PolicyLoader.load(file, new FakeIdentities()));
    }
}
