package io.sluice.lab.hostile;

import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Install;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The policies that the cases are played under. */
final class Policies {
    private static final String RINGS = "rings: {rx: 256, tx: 256, fill: 256, completion: 256}";

    /** The host's address in the routed jail. */
    static final String GATEWAY = "10.2.0.1";

    /** The host's address on A's wire. */
    static final String HOST = "10.9.0.254";

    /** An address on A's wire that the attacker doesn't have. */
    static final String PRETENDED = "10.9.0.77";

    /** The attacker's in the routed jail. */
    static final String ROUTED_ADDRESS = "10.2.0.10";

    private Policies() {}

    /** What both tenants have on devices of the broker's own namespace: v1 is blue's, v2 is red's. */
    static String onDevices() {
        return policy("""
                      lan: {kind: packet, interface: v1, unconfined: true, offloads: false, ring-frames: 0}
                      ringed: {kind: packet, interface: v1, unconfined: true, ring-frames: 256}
                      fast: {kind: xdp, interface: v1, queues: [0], %1$s}
                      deaf: {kind: xdp, interface: v1, queues: [0], rx-only: true, %1$s}
                      spare: {kind: xdp, interface: x1, queues: [0], %1$s}
                """.formatted(RINGS), """
                      lan: {kind: packet, interface: v2, unconfined: true, ring-frames: 0}
                      fast: {kind: xdp, interface: v2, queues: [1], %1$s}
                """.formatted(RINGS));
    }

    /** The bridge that all jails are at, with A's wire as its way out. */
    static final String BRIDGE = "br-lan";

    /** What both tenants have in jails at one bridge. */
    static String inJails() {
        return policy("""
                      lan: {kind: packet, %1$s, offloads: false, unbounded: true}
                      offloaded: {kind: packet, %1$s, unbounded: true}
                      ringed: {kind: packet, %1$s, ring-frames: 256}
                      fast: {kind: xdp, %1$s, queues: [0], %2$s}
                """.formatted(jail(Ground.BLUE_MAC, Ground.BLUE_ADDRESS), RINGS), """
                      lan: {kind: packet, %1$s, offloads: false, unbounded: true}
                """.formatted(
                        jail(Ground.RED_MAC, Ground.RED_ADDRESS)));
    }

    /** What the attacker has in jails that are routed, and the victim on v2. */
    static String routed() {
        String jail =
                "jail: {gateway: [%s], mac: \"%s\", ipv4: [%s]}".formatted(GATEWAY, Ground.BLUE_MAC, ROUTED_ADDRESS);
        return policy("""
                      tunnel: {kind: gre, %1$s}
                      underlay: {kind: udp, %1$s, port: 4789}
                """.formatted(jail), """
                      lan: {kind: packet, interface: v2, unconfined: true, offloads: false, ring-frames: 0}
                """);
    }

    /** What the attacker has as tap devices, and the victim in a jail at the same bridge. */
    static String taps() {
        return policy("""
                      guest: {kind: tap, %s}
                """.formatted(jail(Ground.BLUE_MAC, Ground.BLUE_ADDRESS)), """
                      lan: {kind: packet, %s, offloads: false, unbounded: true}
                """.formatted(
                        jail(Ground.RED_MAC, Ground.RED_ADDRESS)));
    }

    /** Makes the host forward to A's wire what jails send, without any check of its own. */
    static void route(Topology net) {
        net.lab().address(net.v1(), HOST + "/24");
        for (String command : List.of(
                "echo 1 >/proc/sys/net/ipv4/ip_forward",
                "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done",
                "for f in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >$f; done")) {
            net.lab().run(Command.of("sh", "-c", command).in(net.dut()));
        }
    }

    private static String jail(String mac, String address) {
        return "jail: {bridge: %s, mac: \"%s\", ipv4: [%s]}".formatted(BRIDGE, mac, address);
    }

    /** Makes the bridge, where the broker works. */
    static void bridge(Topology net) {
        Stream.of(
                        "ip link add " + BRIDGE + " type bridge",
                        "ip link set " + BRIDGE + " up",
                        "ip link set v1 master " + BRIDGE)
                .forEach(command -> net.lab()
                        .run(Command.of(List.of(command.split(" ", -1))).in(net.dut())));
    }

    /** Skips the tests of a class, saying why, if this broker's policy does not know what they are about. */
    static void assumeKnown(String what, String policy) {
        Assumptions.assumeTrue(problems(policy).isEmpty(), "no " + what + " yet");
    }

    /** What is wrong with a policy, as {@code sluice policy check} says it; empty if it is valid. */
    static String problems(String policy) {
        Install install = Install.find().mustBeBuilt();
        try {
            Path file = Files.createTempFile("sluice-hostile", ".yaml");
            try {
                Files.writeString(file, policy);
                Finished checked = RunningProcess.run(
                        install.sluice("policy", "check", "--resolve=no", file.toString()), Duration.ofSeconds(20));
                return checked.succeeded() ? "" : checked.errors();
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String policy(String blue, String red) {
        return """
                # Made for one run of the hostile-tenant suite.
                version: 1
                admins: [{uid: 0}]
                tenants:
                  blue:
                    identity: {uid: %d}
                    quota: {leases: 16, memory: 256MiB, connections: 8}
                    grants:
                %s
                  red:
                    identity: {uid: %d}
                    quota: {leases: 16, memory: 256MiB, connections: 8}
                    grants:
                %s
                """.formatted(Ground.BLUE.uid(), blue, Ground.RED.uid(), red);
    }
}
