package io.sluice.broker.policy;

import java.util.Locale;

/** Why a frame was dropped. The ordinal is the number of its counter in the map: new ones come last, 14 are possible. */
public enum DropReason {
    CLOSED, // the lease has ended or has not begun
    MALFORMED, // a header is cut short or contradicts itself
    MAC, // the source is none of the tenant's MAC addresses
    VLAN, // the tag is none of the tenant's VLANs, is nested, or is not 802.1Q
    ETHERTYPE, // the rules allow neither this EtherType nor all of them
    ARP, // the sender in it is not the tenant, or it is not ARP for IPv4 on Ethernet
    IPV4, // the source is none of the tenant's IPv4 addresses
    IPV6, // the source is none of the tenant's IPv6 addresses, or headers hide what the packet is
    ICMPV6, // a router's message, an advertisement of an address that is not the tenant's, or ICMPv6 in fragments
    NOT_FOR_TENANT, // the destination or VLAN is not the tenant's
    REMOTE; // the destination is none of the tenant's remotes

    /** The name in JSON and metrics, for example {@code not_for_tenant}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
