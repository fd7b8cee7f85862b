package io.sluice.lab.hostile;

import java.util.List;

/** What a tenant could pretend to be. */
final class Pretended {
    /** Priority 7, VLAN 0: a tag that is none, in front of what it might hide. */
    private static final int PRIORITY_TAG = 0xe000;

    /** Another MAC, another address, another one's ARP, a protocol and a VLAN that are not the tenant's. */
    static final List<Sender> ALL = List.of(
            Ground.LEGAL.withMac(Ground.RED_MAC),
            Ground.LEGAL.withAddress(Ground.RED_ADDRESS),
            Ground.LEGAL.withAddress(Ground.HOST_ADDRESS).towards(Ground.RED_MAC, Ground.RED_ADDRESS),
            Ground.LEGAL.as("arp").withAddress(Ground.RED_ADDRESS),
            Ground.LEGAL.as("arp").withMac(Ground.RED_MAC),
            Ground.LEGAL.as("ipv6").withAddress("fd00::20").towards(Ground.HOST_MAC, "fd00::1"),
            Ground.LEGAL.as("plain"),
            Ground.LEGAL.withVlan(200),
            Ground.LEGAL.withAddress(Ground.RED_ADDRESS).withVlan(PRIORITY_TAG));

    private Pretended() {}
}
