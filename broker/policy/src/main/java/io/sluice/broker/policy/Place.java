package io.sluice.broker.policy;

import java.net.InetAddress;
import java.util.List;

/** Where the device of a grant is. */
public sealed interface Place {
    /** The device's name, in its network namespace. */
    String device();

    /** What operators call it. */
    String shown();

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
     * broker's namespace, where two programs police both directions.
     *
     * @param bridge the bridge that the other end joins; empty: it is routed
     * @param gateways the host's addresses on the other end if it is routed
     * @param mac the device's
     * @param addresses of IP that its holder has
     * @param fromTenant for what the tenant sends, on the ingress of the other end
     * @param toTenant for what is sent to it, on the egress there
     * @param silence drops what reaches the stack inside where only sockets are to have it
     */
    record Jail(
            String bridge,
            List<InetAddress> gateways,
            Prefix mac,
            List<Prefix> addresses,
            Program fromTenant,
            Program toTenant,
            Program silence)
            implements Place {
        public Jail {
            gateways = List.copyOf(gateways);
            addresses = List.copyOf(addresses);
            boolean bridged = Require.INTERFACE.matcher(bridge).matches();
            Require.that(bridged || bridge.isEmpty(), "a bridge can't be called " + bridge);
            Require.that(bridged != !gateways.isEmpty(), "a jail has either a bridge or a gateway");
            Require.that(bridged || !addresses.isEmpty(), "what is routed needs ipv4 or ipv6 addresses");
            Require.that(mac.network().length == 6, mac + " is no MAC address");
        }

        @Override
        public String device() {
            return "eth0";
        }

        @Override
        public String shown() {
            return bridge.isEmpty() ? "jail" : "jail@" + bridge;
        }
    }
}
