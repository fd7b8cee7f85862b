package io.sluice.lab.soak;

import io.sluice.lab.Command;
import io.sluice.lab.Finished;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * A broker with grants of every kind, and the clients that come and go.
 *
 * @param programs where the compiled C programs are
 */
record Ground(Lab lab, Topology net, SluiceStack stack, Path programs) {
    private static final Duration COMPILING = Duration.ofSeconds(60);
    private static final int AT_ONCE = 3;
    private static final String MAC = "mac: \"02:00:00:00:01:10\"";
    private static final List<String> GRANTS = List.of(
            "lan: { kind: packet, ring-frames: 128, buffer: 128KiB, jail: { bridge: br0, " + MAC
                    + ", ipv4: [10.9.0.10] } }",
            "wide: { kind: packet, buffer: 128KiB, sockets: 4, unbounded: true, jail: { bridge: br0, " + MAC + " } }",
            "fast: { kind: xdp, jail: { bridge: br0, " + MAC + " } }",
            "guest: { kind: tap, queues: 2, jail: { bridge: br0, " + MAC + " } }",
            "tunnel: { kind: gre, jail: { gateway: 10.7.0.1, " + MAC + ", ipv4: [10.7.0.10] } }",
            "open: { kind: packet, buffer: 128KiB, interface: v2, unconfined: true }",
            "uplink: { kind: xdp, interface: v2, mode: skb }");

    static Ground make(Lab lab, Install install) {
        Topology net = Topology.make(lab);
        for (String words : List.of("link add br0 up type bridge", "link set v1 master br0")) {
            lab.run(Command.of(("ip " + words).split(" ", -1)).in(net.dut()));
        }
        StringBuilder policy = new StringBuilder(200);
        policy.append("version: 1\ntenants:\n  soak:\n    identity: {uid: ")
                .append(Identity.TENANT.uid())
                .append("}\n    quota: {leases: 64, memory: 1GiB, connections: 16, queues: 256}\n    grants:\n");
        GRANTS.forEach(grant -> policy.append("      ").append(grant).append('\n'));
        Path programs = lab.directory("soak");
        for (String name : List.of("cycler", "bpfcount")) {
            Path source = install.home().resolve("scripts/lab/src/main/c/" + name + ".c");
            RunningProcess.run(
                            Command.of(
                                    "gcc",
                                    "-O1",
                                    "-Wall",
                                    "-Wextra",
                                    "-o",
                                    programs.resolve(name).toString(),
                                    source.toString()),
                            COMPILING)
                    .orThrow();
        }
        return new Ground(lab, net, SluiceStack.start(net, install, policy.toString()), programs);
    }

    /** Starts {@code cycles} clients, a few at a time, as the tenant. */
    RunningProcess startClients(int cycles, Random random) {
        List<String> grants = GRANTS.stream()
                .map(grant -> grant.substring(0, grant.indexOf(':')))
                .toList();
        String[] words = {
            programs.resolve("cycler").toString(),
            stack.brokerSocket().toString(),
            Integer.toString(cycles),
            Integer.toString(random.nextInt(1 << 30)),
            Integer.toString(AT_ONCE)
        };
        return lab.start(Command.of(java.util.stream.Stream.concat(java.util.Arrays.stream(words), grants.stream())
                        .toList())
                .as(Identity.TENANT)
                .inEmptyNetwork());
    }

    /** Runs one of the small programs to its end. */
    Finished program(String name) {
        return RunningProcess.run(Command.of(programs.resolve(name).toString()), COMPILING)
                .orThrow();
    }
}
