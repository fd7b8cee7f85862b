package io.sluice.lab.interop;

import io.sluice.lab.Vswitch;
import java.util.List;

/**
 * Open vSwitch with its data path in user space, with a data base of its own in B: br-phy has v3 and the underlay's address,
 * br-int ends the tunnels, and its own device br-int is the host behind them.
 */
final class OpenVswitch {
    private final Vswitch vswitch;

    private OpenVswitch(Vswitch vswitch) {
        this.vswitch = vswitch;
    }

    /** Starts it; it ends with the ferry. */
    static OpenVswitch in(Ferry ferry) {
        OpenVswitch ovs = new OpenVswitch(Vswitch.start(ferry.lab(), ferry.net().b()));
        ovs.vsctl("add-br br-phy -- set bridge br-phy datapath_type=netdev -- add-port br-phy v3");
        ovs.vsctl("add-br br-int -- set bridge br-int datapath_type=netdev");
        for (String bridge : List.of("br-phy", "br-int")) {
            ferry.run(ferry.net().b(), "ethtool -K " + bridge + " tx off tso off gso off gro off");
        }
        ferry.farAddresses("br-phy");
        ferry.inner("br-int");
        return ovs;
    }

    /** Runs {@code ovs-vsctl WORDS}, words between blanks. */
    void vsctl(String words) {
        vswitch.vsctl(words);
    }

    /** Replaces the flows of a bridge. */
    void flows(String bridge, String... flows) {
        vswitch.flows(bridge, flows);
    }
}
