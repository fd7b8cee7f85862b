package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.LabException;
import io.sluice.lab.Namespace.Device;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.Topology;
import java.util.List;
import java.util.Optional;

/**
 * Sluice between two jails, each in a bridge with one of the hosts; with the rules at the jails' way out, or with the same
 * way after tc(8) has taken the rules off it.
 */
record Jailed(Path path, boolean rules) implements Contender {
    private static final String GRANT = "      %s: { kind: packet, jail: { bridge: %s, mac: \"%s\", ipv4: [%s] } }";

    /** What both have in common: bridges and broker, made at first use. */
    private static final class Path {
        private Optional<SluiceStack> stack = Optional.empty();

        SluiceStack on(Rig rig) {
            SluiceStack made = stack.orElseGet(() -> make(rig));
            stack = Optional.of(made);
            return made;
        }

        private static SluiceStack make(Rig rig) {
            Topology net = rig.net();
            bridge(rig, "br1", "v1");
            bridge(rig, "br2", "v2");
            // Towards A the worker speaks for B, and the other way round.
            String policy = String.join(
                    "\n",
                    "version: 1",
                    "tenants:",
                    "  quick:",
                    "    identity: {uid: " + io.sluice.lab.Identity.TENANT.uid() + "}",
                    "    grants:",
                    String.format(GRANT, "left", "br1", mac(rig, net.v3()), Topology.ADDRESS_B),
                    String.format(GRANT, "right", "br2", mac(rig, net.v0()), Topology.ADDRESS_A),
                    "");
            return SluiceStack.start(net, rig.install(), policy);
        }

        private static void bridge(Rig rig, String name, String port) {
            ip(rig, "link add " + name + " up type bridge");
            ip(rig, "link set " + port + " master " + name);
        }

        private static String mac(Rig rig, Device device) {
            String link = rig.lab()
                    .run(Command.of("ip", "-br", "link", "show", device.name()).in(device.namespace()))
                    .output();
            return link.split("\\s+", -1)[2]; // name, state, address
        }
    }

    static List<Contender> withAndWithoutRules() {
        Path path = new Path();
        return List.of(new Jailed(path, true), new Jailed(path, false));
    }

    @Override
    public String name() {
        return rules ? "sluice" : "without-rules";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        SluiceStack stack = path.on(rig);
        RunningProcess worker = stack.startWorker();
        stack.connect(rig.options().kind());
        if (!rules) {
            withoutRules(rig);
        }
        return new Working(worker);
    }

    private static void withoutRules(Rig rig) {
        List<String> jails = ip(rig, "-br link show type veth")
                .lines()
                .map(line -> line.split("[@ ]", 2)[0])
                .filter(name -> name.startsWith("slu"))
                .toList();
        if (jails.size() != 2) {
            throw new LabException("two jails ought to be there, not " + jails);
        }
        for (String device : jails) {
            for (String direction : List.of("ingress", "egress")) {
                rig.lab()
                        .run(Command.of("tc", "filter", "del", "dev", device, direction)
                                .in(rig.net().dut()));
            }
        }
    }

    private static String ip(Rig rig, String words) {
        return rig.lab()
                .run(Command.of(("ip " + words).split(" ", -1)).in(rig.net().dut()))
                .output();
    }

    private record Working(RunningProcess running) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(running);
        }

        @Override
        public void close() {
            running.close();
        }
    }
}
