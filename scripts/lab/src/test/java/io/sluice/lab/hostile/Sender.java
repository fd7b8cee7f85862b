package io.sluice.lab.hostile;

/**
 * The headers of a frame of the suite, in the words that the programs take.
 *
 * @param kind udp, ipv6, arp or plain
 * @param mac source
 * @param destination MAC
 * @param from address; for arp the one that is claimed
 * @param to address
 * @param vlan id, 0 for none
 */
record Sender(String kind, String mac, String destination, String from, String to, int vlan) {
    /** The words after "frame". */
    String frame(String mark) {
        return String.join(" ", kind, mark, mac, destination, from, to, Integer.toString(vlan));
    }

    Sender withMac(String other) {
        return new Sender(kind, other, destination, from, to, vlan);
    }

    Sender withAddress(String other) {
        return new Sender(kind, mac, destination, other, to, vlan);
    }

    Sender withVlan(int other) {
        return new Sender(kind, mac, destination, from, to, other);
    }

    Sender as(String otherKind) {
        return new Sender(otherKind, mac, destination, from, to, vlan);
    }

    Sender towards(String otherMac, String otherAddress) {
        return new Sender(kind, mac, otherMac, from, otherAddress, vlan);
    }
}
