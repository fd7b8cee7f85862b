package io.sluice.compiler.police;

import io.sluice.broker.policy.Prefix;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a tenant may send, and what may be sent to it. Without addresses of IP these are rules of layer 2: any EtherType
 * from and to the MAC addresses and VLANs. With them, only ARP, IPv4 and IPv6 of those addresses pass.
 *
 * @param macs the tenant's addresses: unicast, 1 to 4
 * @param ipv4 its IPv4 addresses, up to 64
 * @param ipv6 its IPv6 addresses, up to 64; the link-local ones that follow from the MAC addresses need not be given
 * @param vlans the 802.1Q tags that it may use, up to 16
 * @param untagged whether frames without tag, or with a priority tag, pass; true if there are no VLANs
 * @param remotes where it may send packets of IP, up to 64; none: anywhere. Neighbour discovery goes on in any case
 */
public record Rules(
        List<Prefix> macs,
        List<Prefix> ipv4,
        List<Prefix> ipv6,
        Set<Integer> vlans,
        boolean untagged,
        List<Prefix> remotes) {
    private static final int MAX_MACS = 4;
    private static final int MAX_PREFIXES = 64;
    private static final int MAX_VLANS = 16;

    /** Throws IllegalArgumentException if there is too much of something, or something is no such address or VLAN. */
    public Rules {
        require(!macs.isEmpty(), "rules need a MAC address: give the one that the tenant uses");
        macs = checked("MAC addresses", macs, 6, MAX_MACS);
        ipv4 = checked("IPv4 prefixes", ipv4, 4, MAX_PREFIXES);
        ipv6 = checked("IPv6 prefixes", ipv6, 16, MAX_PREFIXES);
        for (Prefix mac : macs) {
            byte[] address = mac.network();
            boolean unicast = (address[0] & 1) == 0 && !mac.equals(Prefix.of(new byte[6]));
            require(
                    mac.length() == 48 && unicast,
                    mac + " is no unicast MAC address, a tenant's address has to be one");
        }
        require(vlans.size() <= MAX_VLANS, vlans.size() + " VLANs are given, the most is " + MAX_VLANS);
        vlans.forEach(vlan -> require(vlan >= 1 && vlan <= 4094, "a VLAN is a number from 1 to 4094, not " + vlan));
        vlans = Collections.unmodifiableSet(new TreeSet<>(vlans));
        untagged |= vlans.isEmpty();
        require(remotes.isEmpty() || !ipv4.isEmpty() || !ipv6.isEmpty(), "remotes need ipv4 or ipv6 addresses");
        require(remotes.size() <= MAX_PREFIXES, remotes.size() + " remotes are given, the most is " + MAX_PREFIXES);
        for (Prefix remote : remotes) {
            require(remote.network().length != 6, remote + " is given among the remotes");
        }
        remotes = List.copyOf(remotes);
    }

    /** Rules that let packets go anywhere. */
    public Rules(List<Prefix> macs, List<Prefix> ipv4, List<Prefix> ipv6, Set<Integer> vlans, boolean untagged) {
        this(macs, ipv4, ipv6, vlans, untagged, List.of());
    }

    /** The remotes whose addresses have so many bytes: 4 or 16. */
    List<Prefix> remotes(int bytes) {
        return remotes.stream()
                .filter(remote -> remote.network().length == bytes)
                .toList();
    }

    /** Whether any EtherType passes. */
    public boolean layer2() {
        return ipv4.isEmpty() && ipv6.isEmpty();
    }

    private static List<Prefix> checked(String what, List<Prefix> prefixes, int bytes, int most) {
        require(prefixes.size() <= most, prefixes.size() + " " + what + " are given, the most is " + most);
        for (Prefix prefix : prefixes) {
            require(prefix.network().length == bytes, prefix + " is given among the " + what);
        }
        return List.copyOf(prefixes);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
