package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Identity;
import io.sluice.lab.Install;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import io.sluice.lab.bench.result.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** How many clients a second connect, get a lease, confirm it and close, by kind of grant ({@code cycler.c}). */
final class LeaseRate {
    private static final String ID = "leases";
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String JAIL = "jail: { bridge: br0, mac: \"02:00:00:00:01:10\" }";

    /**
     * A grant of the policy.
     *
     * @param atOnce clients at a time: one where there is one queue to be had
     */
    private record Grant(String title, String name, String policy, int atOnce) {}

    private static final List<Grant> GRANTS = List.of(
            new Grant("packet", "open", "{ kind: packet, buffer: 128KiB, interface: v2, unconfined: true }", 3),
            new Grant(
                    "packet with rings, jailed",
                    "lan",
                    "{ kind: packet, ring-frames: 128, buffer: 128KiB, " + JAIL + " }",
                    3),
            new Grant("xdp", "uplink", "{ kind: xdp, interface: v2, mode: skb }", 1),
            new Grant("xdp, jailed", "fast", "{ kind: xdp, " + JAIL + " }", 3),
            new Grant("tap, jailed", "guest", "{ kind: tap, " + JAIL + " }", 3));

    private LeaseRate() {}

    static Step step() {
        return Step.of(ID, (effort, found) -> List.of(measure(effort)));
    }

    private static Result measure(Effort effort) {
        try (Lab lab = Lab.open()) {
            Install install = Install.find();
            Path cycler = cycler(lab, install);
            Topology net = Topology.make(lab);
            lab.run(Command.of("ip", "link", "add", "br0", "up", "type", "bridge")
                    .in(net.dut()));
            SluiceStack stack = SluiceStack.start(net, install, policy());
            List<String> names = GRANTS.stream().map(Grant::title).toList();
            List<Series> all = Turns.take(effort.runs(), GRANTS, names, (grant, series) -> {
                // The first ones load classes.
                cycle(stack, cycler, grant, grant.atOnce());
                long start = System.nanoTime();
                cycle(stack, cycler, grant, effort.leases());
                series.add(effort.leases() * 1e9 / (System.nanoTime() - start), Double.NaN);
                Turns.progress(String.format(Locale.ROOT, "  %.1f leases a second", series.last()));
            });
            return Steps.result(ID, "leases: connect, acquire, confirm, close", "a second", Result.Better.MORE, all);
        }
    }

    private static String policy() {
        StringBuilder policy = new StringBuilder(500);
        policy.append("version: 1\ntenants:\n  bench:\n    identity: {uid: ")
                .append(Identity.TENANT.uid())
                .append("}\n    quota: {leases: 64, memory: 1GiB, connections: 16, queues: 256}\n    grants:\n");
        for (Grant grant : GRANTS) {
            policy.append("      ")
                    .append(grant.name())
                    .append(": ")
                    .append(grant.policy())
                    .append('\n');
        }
        return policy.toString();
    }

    /** A copy of the program that the tenant can run: the working copy may be closed to it. */
    private static Path cycler(Lab lab, Install install) {
        Path copy = lab.directory("cycler").resolve("cycler");
        try {
            return Files.copy(Programs.compile(install).directory().resolve("cycler"), copy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void cycle(SluiceStack stack, Path cycler, Grant grant, int count) {
        String said = RunningProcess.run(
                        Command.of(
                                        cycler.toString(),
                                        "-c",
                                        stack.brokerSocket().toString(),
                                        Integer.toString(count),
                                        "1",
                                        Integer.toString(grant.atOnce()),
                                        grant.name())
                                .as(Identity.TENANT)
                                .inEmptyNetwork(),
                        LIMIT)
                .orThrow()
                .output();
        if (!said.startsWith("granted " + count + " ")) {
            throw new LabException("of " + count + " clients that asked for " + grant.name() + ": " + said
                    + "; the broker says:\n" + stack.broker().said());
        }
    }
}
