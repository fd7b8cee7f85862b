package io.sluice.lab;

import java.util.List;

/** Jails in place of the device under test's own devices: each of v1 and v2 is in a bridge that a jail is in, too. */
public final class Jails {
    private static final String GRANT = "      %s: { kind: %s,%s jail: { bridge: %s, mac: \"%s\", ipv4: [%s] } }";

    private Jails() {}

    /**
     * Makes the bridges br1 and br2, and returns a policy with grants left and right. Towards A the tenant speaks for B, and
     * the other way round: the rules let pass just that.
     */
    public static String policy(Topology net, Kind kind) {
        bridge(net, "br1", "v1");
        bridge(net, "br2", "v2");
        // Packet sockets that carry superframes have no rings.
        String superframes = kind == Kind.PACKET ? " unbounded: true," : "";
        return String.join(
                "\n",
                "version: 1",
                "admins: [{uid: 0}, {uid: " + SluiceStack.GATEWAY.uid() + "}]",
                "tenants:",
                "  quick:",
                "    identity: {uid: " + Identity.TENANT.uid() + "}",
                "    grants:",
                String.format(
                        GRANT,
                        "left",
                        kind.word(),
                        superframes,
                        "br1",
                        net.lab().mac(net.v3()),
                        Topology.ADDRESS_B),
                String.format(
                        GRANT,
                        "right",
                        kind.word(),
                        superframes,
                        "br2",
                        net.lab().mac(net.v0()),
                        Topology.ADDRESS_A),
                "");
    }

    private static void bridge(Topology net, String name, String port) {
        ip(net, "link add " + name + " up type bridge");
        ip(net, "link set " + port + " master " + name);
    }

    /** The jails' other ends, in the broker's namespace. */
    public static List<String> hostEnds(Topology net) {
        return ip(net, "-br link show type veth")
                .lines()
                .map(line -> line.split("[@ ]", 2)[0])
                .filter(name -> name.startsWith("slu"))
                .toList();
    }

    private static String ip(Topology net, String words) {
        return net.lab()
                .run(Command.of(("ip " + words).split(" ", -1)).in(net.dut()))
                .output();
    }
}
