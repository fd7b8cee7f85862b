package io.sluice.broker.policy;

import java.util.Locale;

/** Why a frame was dropped. The number is that of the counter in the map. */
public enum DropReason {
    CLOSED(0, "the lease has ended or has not begun"),
    MALFORMED(1, "a header is cut short or contradicts itself"),
    MAC(2, "the source is none of the tenant's MAC addresses"),
    VLAN(3, "the tag is none of the tenant's VLANs, is nested, or is not 802.1Q"),
    ETHERTYPE(4, "the rules allow neither this EtherType nor all of them"),
    ARP(5, "the sender in it is not the tenant, or it is not ARP for IPv4 on Ethernet"),
    IPV4(6, "the source is none of the tenant's IPv4 addresses"),
    IPV6(7, "the source is none of the tenant's IPv6 addresses, or headers hide what the packet is"),
    ICMPV6(8, "a router's message, an advertisement of an address that is not the tenant's, or ICMPv6 in fragments"),
    NOT_FOR_TENANT(9, "the destination or VLAN is not the tenant's");

    /** Which of a direction's drop counters is this one's, 0 to 13. */
    private final int counter;

    private final String sentence;

    DropReason(int counter, String sentence) {
        this.counter = counter;
        this.sentence = sentence;
    }

    /** Which of a direction's drop counters is this one's. */
    public int counter() {
        return counter;
    }

    /** What it says to people. */
    public String sentence() {
        return sentence;
    }

    /** The name in JSON and metrics, for example {@code not_for_tenant}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
