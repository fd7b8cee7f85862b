package io.sluice.broker.policy;

import io.sluice.broker.police.Prefix;
import io.sluice.broker.police.Rules;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Where the device of a grant is. */
public sealed interface Place {
    /** The device's name, in its network namespace. */
    String device();

    /** What operators call it. */
    String shown();

    /** Of a grant: a device of the host, or a jail. */
    static Optional<Place> read(Section section) {
        if (section.value("jail").isPresent()) {
            if (section.value("interface").isPresent()) {
                section.problem("it has an interface and a jail; expected one of them");
            }
            return section.section("jail").flatMap(Jail::read).map(Place.class::cast);
        }
        String device = section.device();
        return section.make(() -> new Host(device));
    }

    /** A device of the broker's network namespace. */
    record Host(String device) implements Place {
        public Host {
            boolean possible = Require.INTERFACE.matcher(device).matches();
            Require.that(possible, "a device can't be called " + device);
        }

        @Override
        public String shown() {
            return device;
        }
    }

    /**
     * A device made for the lease, alone in a network namespace of its own; the other end of the veth pair is in the
     * broker's namespace, where rules police both directions.
     *
     * @param bridge the bridge that the other end joins; empty: it is routed
     * @param gateways the host's addresses on the other end if it is routed
     * @param rules what may pass; the first MAC address is the device's
     */
    record Jail(String bridge, List<InetAddress> gateways, Rules rules) implements Place {
        private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F.:]+");
        private static final String PREFIXES = "addresses or prefixes, without bits behind a prefix, such as ";

        public Jail {
            gateways = List.copyOf(gateways);
            Require.that(bridge.isEmpty() != gateways.isEmpty(), "a jail has either a bridge or a gateway");
            Require.that(gateways.isEmpty() || !rules.layer2(), "what is routed needs ipv4 or ipv6 addresses");
        }

        @Override
        public String device() {
            return "eth0";
        }

        @Override
        public String shown() {
            return bridge.isEmpty() ? "jail" : "jail@" + bridge;
        }

        static Optional<Jail> read(Section section) {
            section.allow("bridge gateway mac ipv4 ipv6 vlan").require("mac", "a unicast MAC address, in quotes");
            String bridge = section.text("bridge", "a device's name", Require.INTERFACE.asMatchPredicate())
                    .orElse("");
            List<InetAddress> gateways = section.items("gateway", "addresses such as [10.1.0.1]", Jail::address);
            List<Prefix> macs = section.items("mac", "MAC addresses such as \"02:00:00:00:01:10\"", Jail::mac);
            List<Prefix> ipv4 = section.items("ipv4", PREFIXES + "[10.1.0.10, 10.2.0.0/24]", text -> prefix(text, 4));
            List<Prefix> ipv6 = section.items("ipv6", PREFIXES + "[\"fd00::10\"]", text -> prefix(text, 16));
            List<Integer> vlans = section.items("vlan", "VLAN ids such as [100, 200]", Integer::valueOf);
            return section.make(() ->
                    new Jail(bridge, gateways, new Rules(macs, ipv4, ipv6, new TreeSet<>(vlans), vlans.isEmpty())));
        }

        private static Prefix mac(String text) {
            byte[] address = HexFormat.ofDelimiter(":").parseHex(text);
            Require.that(address.length == 6, text);
            return Prefix.of(address);
        }

        /** Numbers only: no name is ever looked up. */
        private static InetAddress address(String text) {
            boolean v6 = text.contains(":");
            Require.that(ADDRESS.matcher(text).matches() && (v6 || text.split("\\.", -1).length == 4), text);
            try {
                return InetAddress.getByName(text);
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(e);
            }
        }

        private static Prefix prefix(String text, int bytes) {
            int slash = text.indexOf('/');
            byte[] network =
                    address(slash < 0 ? text : text.substring(0, slash)).getAddress();
            Require.that(network.length == bytes, text);
            return slash < 0 ? Prefix.of(network) : new Prefix(network, Integer.parseInt(text.substring(slash + 1)));
        }
    }
}
