package io.sluice.compiler.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every error of a policy file: where it is, and the whole of its text. */
class PolicyErrorsTest {
    private static final String XDP = """
            version: 1
            tenants:
              blue:
                identity: { uid: 1001 }
                grants:
                  g:
                    kind: xdp
                    interface: eth1
            """;
    private static final String PACKET = XDP.replace("xdp", "packet") + "        unconfined: true\n";
    private static final String XDP_KEYS =
            "kind, interface, jail, queues, mode, force-copy, rx-only, rings, busy-poll, filter, offload";
    private static final String PACKET_KEYS =
            "kind, interface, jail, unconfined, unbounded, sockets, fanout, offloads, promiscuous, buffer, ring-frames, filter";
    private static final String QUEUE = "expected an id from 0 to 4095, or a range of them such as 2-3";
    private static final String RING = "expected a power of two from 1 to 262144";
    private static final String UNCONFINED = "true, as a packet socket reaches every device of its network namespace: "
            + "whoever holds it can re-bind it, read and send there whatever this grant says; or a jail in place of the interface";
    private static final String DEVICE =
            "the name of a network device, 1 to 15 printable ASCII characters without blanks, / and :";
    private static final String NAME = "expected 1 to 32 of a-z, 0-9 and -, not starting with -";
    private static final String MAPPING = "expected a mapping, that is \"key: value\" pairs";

    /** A line of an xdp grant, which is line 9 and starts in column 9, and its error. */
    static Stream<Arguments> xdpLines() {
        return Stream.of(
                arguments(
                        "queue: [0]",
                        "9:9: unknown key \"queue\" in grant \"g\"; expected one of " + XDP_KEYS
                                + " (did you mean \"queues\"?)"),
                arguments(
                        "force_copy: true",
                        "9:9: unknown key \"force_copy\" in grant \"g\"; expected one of " + XDP_KEYS
                                + " (did you mean \"force-copy\"?)"),
                arguments("sockets: 2", "9:9: unknown key \"sockets\" in grant \"g\"; expected one of " + XDP_KEYS),
                arguments("kind: packet", "9:9: \"kind\" is in grant \"g\" already, on line 7; expected each key once"),
                arguments(
                        "<<: { mode: skb }",
                        "9:9: merge keys (<<) are not allowed; expected every setting written out"),
                arguments("? [a, b]\n        : 1", "9:11: a key of grant \"g\" is a list; expected a name"),
                arguments("? {}\n        : 1", "9:11: a key of grant \"g\" is an empty mapping; expected a name"),
                arguments("'': 1", "9:9: a key of grant \"g\" is the quoted text \"\"; expected a name"),
                arguments(
                        "queues: []",
                        "9:17: queues is an empty list; expected a list of queue ids and ranges, such as [0, 2-3]"),
                arguments(
                        "queues: 3",
                        "9:17: queues is \"3\"; expected a list of queue ids and ranges, such as [0, 2-3]"),
                arguments("queues: [0, 1, 0-2]", "9:24: queue 0 is in the list already; expected each queue once"),
                arguments("queues: [4096]", "9:18: queue is \"4096\"; " + QUEUE),
                arguments("queues: [3-2]", "9:18: queue is \"3-2\"; " + QUEUE),
                arguments("queues: [-1]", "9:18: queue is \"-1\"; " + QUEUE),
                arguments("queues: [99999999999999999999]", "9:18: queue is \"99999999999999999999\"; " + QUEUE),
                arguments("queues: [[1]]", "9:18: queue is a list; " + QUEUE),
                arguments("queues: ['1']", "9:18: queue is the quoted text \"1\"; " + QUEUE),
                arguments("queues: [0-252]", "9:17: queues is a list; expected at most 252 queues, not 253"),
                arguments(
                        "mode: nativ",
                        "9:15: mode is \"nativ\"; expected one of auto, native, skb (did you mean \"native\"?)"),
                arguments(
                        "mode: NATIVE",
                        "9:15: mode is \"NATIVE\"; expected one of auto, native, skb (did you mean \"native\"?)"),
                arguments("mode: fast", "9:15: mode is \"fast\"; expected one of auto, native, skb"),
                arguments("mode: [skb]", "9:15: mode is a list; expected one of auto, native, skb"),
                arguments("force-copy: yes", "9:21: force-copy is \"yes\"; expected true or false"),
                arguments("force-copy:", "9:20: force-copy is empty; expected true or false"),
                arguments("offload: yes", "9:18: offload is \"yes\"; expected true or false"),
                arguments(
                        "rx-only: true\n        offload: true",
                        "10:18: offload is \"true\"; expected false, as the kernel can't send by what is rx-only"),
                arguments("rx-only: \"true\"", "9:18: rx-only is the quoted text \"true\"; expected true or false"),
                arguments("rings: 2048", "9:16: rings of grant \"g\" is \"2048\"; " + MAPPING),
                arguments(
                        "rings: { fil: 1 }",
                        "9:18: unknown key \"fil\" in rings of grant \"g\"; "
                                + "expected one of rx, tx, fill, completion (did you mean \"fill\"?)"),
                arguments("rings: { rx: 3000 }", "9:22: rx is \"3000\"; " + RING),
                arguments("rings: { tx: 0 }", "9:22: tx is \"0\"; " + RING),
                arguments("rings: { fill: 524288 }", "9:24: fill is \"524288\"; " + RING),
                arguments("rings: { completion: 0x40 }", "9:30: completion is \"0x40\"; " + RING),
                arguments("busy-poll: true", "9:20: busy-poll of grant \"g\" is \"true\"; " + MAPPING),
                arguments(
                        "busy-poll: { timeout: 20 }",
                        "9:31: timeout is \"20\"; expected a time from 1us to 10ms, such as 20us"),
                arguments(
                        "busy-poll: { timeout: 11ms }",
                        "9:31: timeout is \"11ms\"; expected a time from 1us to 10ms, such as 20us"),
                arguments(
                        "busy-poll: { budget: 65536 }",
                        "9:30: budget is \"65536\"; expected a whole number from 1 to 65535"));
    }

    @ParameterizedTest
    @MethodSource("xdpLines")
    void aWrongLineOfAnXdpGrantIsNamed(String line, String error) {
        assertThat(errors(XDP + "        " + line + "\n")).containsExactly("p.yaml:" + error);
    }

    /** The same for a packet grant, where it is line 10. */
    static Stream<Arguments> packetLines() {
        return Stream.of(
                arguments("queues: [0]", "10:9: unknown key \"queues\" in grant \"g\"; expected one of " + PACKET_KEYS),
                arguments("prison: {}", "10:9: unknown key \"prison\" in grant \"g\"; expected one of " + PACKET_KEYS),
                arguments("sockets: 0", "10:18: sockets is \"0\"; expected a whole number from 1 to 32"),
                arguments("sockets: 33", "10:18: sockets is \"33\"; expected a whole number from 1 to 32"),
                arguments("sockets: 1.5", "10:18: sockets is \"1.5\"; expected a whole number from 1 to 32"),
                arguments("sockets: 08", "10:18: sockets is \"08\"; expected a whole number from 1 to 32"),
                arguments(
                        "fanout: hahs",
                        "10:17: fanout is \"hahs\"; expected one of hash, lb, cpu, qm (did you mean \"hash\"?)"),
                arguments(
                        "buffer: 257MiB",
                        "10:17: buffer is \"257MiB\"; expected a size from 128KiB to 256MiB, such as 4MiB"),
                arguments(
                        "buffer: 4194304",
                        "10:17: buffer is \"4194304\"; expected a size from 128KiB to 256MiB, such as 4MiB"),
                arguments(
                        "buffer: 4MB", "10:17: buffer is \"4MB\"; expected a size from 128KiB to 256MiB, such as 4MiB"),
                arguments(
                        "buffer: 17592186044420MiB",
                        "10:17: buffer is \"17592186044420MiB\"; "
                                + "expected a size from 128KiB to 256MiB, such as 4MiB"),
                arguments(
                        "ring-frames: 16",
                        "10:22: ring-frames is \"16\"; expected 0 or a power of two from 32 to 65536"),
                arguments(
                        "ring-frames: 100",
                        "10:22: ring-frames is \"100\"; expected 0 or a power of two from 32 to 65536"));
    }

    @ParameterizedTest
    @MethodSource("packetLines")
    void aWrongLineOfAPacketGrantIsNamed(String line, String error) {
        assertThat(errors(PACKET + "        " + line + "\n")).containsExactly("p.yaml:" + error);
    }

    @Test
    void aPacketGrantHasToSayThatItIsUnconfined() {
        assertThat(errors(XDP.replace("xdp", "packet")))
                .containsExactly("p.yaml:7:9: grant \"g\" has no unconfined; expected unconfined: " + UNCONFINED);
        assertThat(errors(PACKET.replace("true", "false")))
                .containsExactly("p.yaml:9:21: unconfined is \"false\"; expected " + UNCONFINED);
    }

    /** An xdp policy in which something is replaced, and the error. */
    static Stream<Arguments> replacements() {
        return Stream.of(
                arguments(
                        "kind: xdp",
                        "kind: xpd",
                        "7:15: kind is \"xpd\"; expected one of xdp, packet, tap, udp, gre, l2tpv3, raw (did you mean \"xdp\"?)"),
                arguments(
                        "kind: xdp",
                        "kind: vxlan",
                        "7:15: kind is \"vxlan\"; expected one of xdp, packet, tap, udp, gre, l2tpv3, raw"),
                arguments(
                        "        kind: xdp\n",
                        "",
                        "7:9: grant \"g\" has no kind; expected kind: one of xdp, packet, tap, udp, gre, l2tpv3, raw"),
                arguments(
                        "        interface: eth1\n",
                        "",
                        "7:9: grant \"g\" has no interface; expected interface: " + DEVICE),
                arguments("eth1", "abcdefghijklmnop", "8:20: interface is \"abcdefghijklmnop\"; expected " + DEVICE),
                arguments("eth1", "../eth1", "8:20: interface is \"../eth1\"; expected " + DEVICE),
                arguments("eth1", "..", "8:20: interface is \"..\"; expected " + DEVICE),
                arguments("eth1", "eth 1", "8:20: interface is \"eth 1\"; expected " + DEVICE),
                arguments("eth1", "eth0:1", "8:20: interface is \"eth0:1\"; expected " + DEVICE),
                arguments("eth1", "\"eth\\0\"", "8:20: interface is the quoted text \"eth?\"; expected " + DEVICE),
                arguments("eth1", "", "8:19: interface is empty; expected " + DEVICE),
                arguments("      g:", "      G_1:", "6:7: \"G_1\" in grants of tenant \"blue\" is no name; " + NAME),
                arguments("  blue:", "  -blue:", "3:3: \"-blue\" in tenants of the policy is no name; " + NAME),
                arguments(
                        "uid: 1001",
                        "",
                        "4:15: identity of tenant \"blue\" names nobody; "
                                + "expected exactly one of user, uid, group, gid"),
                arguments(
                        "uid: 1001",
                        "uid: 1, gid: 2",
                        "4:15: identity of tenant \"blue\" names uid and gid; "
                                + "expected exactly one of user, uid, group, gid"),
                arguments("{ uid: 1001 }", "blue", "4:15: identity of tenant \"blue\" is \"blue\"; " + MAPPING),
                arguments("1001", "-1", "4:22: uid is \"-1\"; expected a number from 0 to 4294967294"),
                arguments(
                        "uid: 1001",
                        "gid: 4294967295",
                        "4:22: gid is \"4294967295\"; expected a number from 0 to 4294967294"),
                arguments(
                        "uid: 1001",
                        "user: nobody-here",
                        "4:23: user is \"nobody-here\"; "
                                + "expected a user that this host knows (by number it goes with uid)"),
                arguments(
                        "uid: 1001",
                        "user: broken",
                        "4:23: user is \"broken\"; "
                                + "expected a user that this host knows (by number it goes with uid)"),
                arguments(
                        "uid: 1001",
                        "group: \"blue\\0x\"",
                        "4:24: group is the quoted text \"blue?x\"; "
                                + "expected a group that this host knows (by number it goes with gid)"),
                arguments(
                        "    identity: { uid: 1001 }\n",
                        "",
                        "4:5: tenant \"blue\" has no identity; "
                                + "expected identity: { user: NAME }, or uid, group, gid"),
                arguments(
                        "identity",
                        "quota: { leases: 4097 }\n    identity",
                        "4:22: leases is \"4097\"; " + "expected a whole number from 0 to 4096"),
                arguments(
                        "identity",
                        "quota: { memory: 1025GiB }\n    identity",
                        "4:22: memory is \"1025GiB\"; " + "expected a size from 0B to 1024GiB, such as 256MiB"),
                arguments(
                        "identity",
                        "quota: { connections: 0 }\n    identity",
                        "4:27: connections is \"0\"; " + "expected a whole number from 1 to 1024"),
                arguments(
                        "identity",
                        "quotas: {}\n    identity",
                        "4:5: unknown key \"quotas\" in tenant \"blue\"; "
                                + "expected one of identity, quota, grace, grants (did you mean \"quota\"?)"),
                arguments("version: 1", "version: 2", "1:10: version is \"2\"; expected 1, the only one that there is"),
                arguments("version: 1\n", "", "1:1: the policy has no version; expected version: 1"),
                arguments(
                        "tenants:",
                        "admins: []\ntenants:",
                        "2:9: admins is an empty list; "
                                + "expected a list such as [ { user: root }, { group: sluice-admin } ]"),
                arguments("tenants:", "admins: [ root ]\ntenants:", "2:11: this admin is \"root\"; " + MAPPING),
                arguments(
                        "tenants:",
                        "admins: [ { } ]\ntenants:",
                        "2:11: this admin names nobody; " + "expected exactly one of user, uid, group, gid"));
    }

    @ParameterizedTest
    @MethodSource("replacements")
    void aWrongPartIsNamed(String part, String replacement, String error) {
        assertThat(XDP).contains(part);
        assertThat(errors(XDP.replace(part, replacement))).containsExactly("p.yaml:" + error);
    }

    /** What is wrong with a jail, in place of {@code ipv4: [10.1.0.10]} of a good one. */
    static Stream<Arguments> jails() {
        return Stream.of(
                arguments("ipv4: [10.1.0.300]", "ipv4 is \"10.1.0.300\"; expected addresses or prefixes"),
                arguments("ipv4: [router]", "ipv4 is \"router\"; expected addresses or prefixes"),
                arguments("ipv4: [10.1]", "ipv4 is \"10.1\"; expected addresses or prefixes"),
                arguments("ipv4: [\"fd00::1\"]", "ipv4 is the quoted text \"fd00::1\"; expected addresses or"),
                arguments("ipv4: [10.1.0.10/24]", "ipv4 is \"10.1.0.10/24\"; expected addresses or prefixes, without"),
                arguments("ipv4: [10.1.0.0/33]", "ipv4 is \"10.1.0.0/33\"; expected addresses or prefixes"),
                arguments("ipv6: [10.1.0.1]", "ipv6 is \"10.1.0.1\"; expected addresses or prefixes"),
                arguments("remotes: [10.1.0.1]", "remotes need ipv4 or ipv6 addresses"),
                arguments("remotes: [there]", "remotes is \"there\"; expected addresses or prefixes"),
                arguments("vlan: 4095", "a VLAN is a number from 1 to 4094, not 4095"),
                arguments("vlan: [x]", "vlan is \"x\"; expected VLAN ids such as [100, 200]"),
                arguments("gateway: 10.1.0.1", "a jail has either a bridge or a gateway"),
                arguments("mtu: 9000", "unknown key \"mtu\" in jail of grant \"g\"; expected one of bridge, gateway"));
    }

    @ParameterizedTest
    @MethodSource("jails")
    void whatIsWrongWithAJailIsNamed(String line, String error) {
        String good = """
                version: 1
                tenants:
                  blue:
                    identity: { uid: 1001 }
                    grants:
                      g: { kind: packet, ring-frames: 32, jail: { bridge: br0, mac: "02:00:00:00:01:10", ipv4: [10.1.0.10] } }
                """;
        assertThat(errors(good.replace("ipv4: [10.1.0.10]", line)))
                .singleElement()
                .asString()
                .startsWith("p.yaml:6:")
                .contains(error);
        for (String mac : List.of("03:00:00:00:01:10", "02:00:00:00:01", "020000000110", "x")) {
            assertThat(errors(good.replace("02:00:00:00:01:10", mac))).as(mac).hasSize(1);
        }
        assertThat(errors(good.replace("jail:", "interface: eth0, jail:")))
                .singleElement()
                .asString()
                .contains("it has an interface and a jail");
        assertThat(errors(good.replace("jail:", "unconfined: true, jail:")))
                .singleElement()
                .asString()
                .contains("it has a jail and is unconfined");
        assertThat(errors(good.replace("jail:", "filter: tcp prot 80, jail:")))
                .singleElement()
                .asString()
                .contains("filter can't be used");
        assertThat(errors(good.replace("ring-frames: 32", "ring-frames: 0")))
                .singleElement()
                .asString()
                .contains("has no unbounded; expected unbounded: true, as whoever holds");
        assertThat(errors(good.replace("packet, ring-frames: 32", "udp")))
                .singleElement()
                .asString()
                .contains("needs a routed jail");
    }

    /** Whole files. */
    static Stream<Arguments> files() {
        return Stream.of(
                arguments("", ": there is nothing in it; expected version, tenants and perhaps admins"),
                arguments("# nothing\n", ": there is nothing in it; expected version, tenants and perhaps admins"),
                arguments("- a\n", ":1:1: the policy is a list; " + MAPPING),
                arguments(
                        "version: 1\n",
                        ":1:1: the policy has no tenants; expected tenants: a mapping from names to tenants"),
                arguments("version: 1\ntenants: [a]\n", ":2:10: tenants of the policy is a list; " + MAPPING),
                arguments("version: 1\ntenants: { t: }\n", ":2:14: tenant \"t\" is empty; " + MAPPING),
                arguments("version: 1\ntenants:\n\tt: 1\n", ":3:1: a tab; expected spaces"),
                arguments("a: 😀\u0007\n", ":1:5: character U+0007; expected printable text"),
                arguments("a: 1\n---\nb: 2\n", ":2:1: another document; expected one policy in one file"),
                arguments("a: &x 1\n", ":1:4: anchors (&) and aliases (*) are not allowed; expected the value itself"),
                arguments("a: *x\n", ":1:4: anchors (&) and aliases (*) are not allowed; expected the value itself"),
                arguments("a: b: c\n", ":1:5: not YAML: mapping values are not allowed here"),
                arguments(
                        "a: [1,\nb: }\n",
                        ":2:4: not YAML: expected the node content, but found '}' while parsing a flow node"),
                arguments(
                        "a:\r\n  b: \"1\r\n",
                        ":3:1: not YAML: found unexpected end of stream while scanning a quoted scalar"),
                arguments(
                        "%TAG \n---\na: 1\n",
                        ":1:6: not YAML: expected '!', but found ?(10) while scanning a directive"),
                arguments("%YAML 2.0\n---\na: 1\n", ":1:1: not YAML: Version{major=2, minor=0}; expected YAML 1.2"),
                arguments("[".repeat(17) + "]".repeat(17), ":1:17: nested too deep; expected at most 16 levels"),
                arguments("#".repeat(PolicyLoader.MAX_BYTES + 1), ": larger than 256KiB; expected a smaller file"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void aFileThatIsNoPolicyIsRefused(String text, String error) {
        assertThat(errors(text)).containsExactly("p.yaml" + error);
    }

    @Test
    @Timeout(5)
    void theDeepestNestingCostsNeitherStackNorTime() {
        assertThat(errors("[".repeat(PolicyLoader.MAX_BYTES)))
                .containsExactly("p.yaml:1:17: nested too deep; expected at most 16 levels");
    }

    @Test
    void twoTenantsCannotShareAnIdentityHoweverItIsWritten() {
        assertThat(errors("""
                        version: 1
                        tenants:
                          a: { identity: { user: blue }, grants: {} }
                          b: { identity: { gid: 1001 }, grants: {} }
                          c: { identity: { uid: 1001 }, grants: {} }
                        """))
                .containsExactly("p.yaml:5:18: uid 1001 is the identity of tenant \"a\" (line 3) already; "
                        + "expected one that nobody has");
    }

    @Test
    void aTenantWrittenTwiceIsRefused() {
        assertThat(errors("""
                        version: 1
                        tenants:
                          a: { identity: { uid: 1 }, grants: {} }
                          a: { identity: { uid: 2 }, grants: {} }
                        """))
                .containsExactly(
                        "p.yaml:4:3: \"a\" is in tenants of the policy already, on line 3; expected each key once");
    }

    @Test
    void everyErrorIsToldAtOnceInTheOrderOfTheFile() {
        assertThat(errors("""
                        tenants:
                          Blue:
                            grants:
                              g: { interface: eth0, kind: xdp, mode: none, rings: { rx: 3 } }
                              h: { kind: tun }
                        versoin: 1
                        """))
                .extracting(error -> error.substring(0, 12))
                .containsExactly(
                        "p.yaml:1:1: ",
                        "p.yaml:2:3: ",
                        "p.yaml:3:5: ",
                        "p.yaml:4:46:",
                        "p.yaml:4:65:",
                        "p.yaml:5:18:",
                        "p.yaml:6:1: ");
    }

    @Test
    void beyondFiftyErrorsTheRestIsCounted() {
        List<String> errors = errors("\t\n".repeat(60));
        assertThat(errors).hasSize(51);
        assertThat(errors.get(50)).isEqualTo("p.yaml:51:1: and 10 more errors from here on");
    }

    @Test
    void textsInErrorsCannotActOnATerminal() {
        assertThat(errors("version: \"\\e[2J\\n\\u202e\\\"" + "x".repeat(100) + "\"\ntenants: {}\n"))
                .containsExactly("p.yaml:1:10: version is the quoted text \"?[2J???" + "x".repeat(33)
                        + "...\"; expected 1, the only one that there is");
    }

    @Test
    void theBaseOfTheseTestsIsValid() {
        assertThatCode(() -> PolicyLoader.load("p.yaml", XDP, new FakeIdentities()))
                .doesNotThrowAnyException();
        assertThatCode(() -> PolicyLoader.load("p.yaml", PACKET, new FakeIdentities()))
                .doesNotThrowAnyException();
    }

    private static List<String> errors(String text) {
        PolicyException e = catchThrowableOfType(
                PolicyException.class, () -> PolicyLoader.load("p.yaml", text, new FakeIdentities()));
        assertThat(e).as("refused").isNotNull();
        List<String> lines =
                e.errors().stream().map(error -> error.at("p.yaml")).toList();
        assertThat(e).hasMessage(String.join("\n", lines));
        return lines;
    }
}
