package io.sluice.compiler.police;

import static io.sluice.broker.policy.DropReason.*;

import io.sluice.broker.policy.DropReason;
import io.sluice.broker.policy.Prefix;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the rules mean, in plain Java: the other side of what compares programs with it. */
public final class Reference {
    private static final Set<Integer> WALKED = Set.of(0, 43, 60);
    private static final Set<Integer> HIDING = Set.of(0, 43, 44, 60, 51, 135, 139, 140, 253, 254);

    private final Rules rules;
    private final byte[] frame;
    private final Optional<Integer> tag;

    /** What the frame is short of. */
    private static final class CutShort extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Prepares to judge a frame.
     *
     * @param frame at least an Ethernet header, 14 bytes
     * @param tag the 802.1Q tag beside the frame
     */
    public Reference(Rules rules, byte[] frame, Optional<Integer> tag) {
        this.rules = rules;
        this.frame = frame;
        this.tag = tag;
    }

    /** Why a frame that the tenant sends is dropped; empty if it passes. */
    public Optional<DropReason> fromTenant() {
        try {
            return Optional.ofNullable(reason());
        } catch (CutShort e) {
            return Optional.of(MALFORMED);
        }
    }

    /** Why a frame that is sent to the tenant is dropped; empty if it passes. */
    public Optional<DropReason> toTenant() {
        try {
            boolean mine = (frame[0] & 1) == 1 || has(rules.macs(), bytes(0, 6));
            return mine && network() > 0 ? Optional.empty() : Optional.of(NOT_FOR_TENANT);
        } catch (CutShort e) {
            return Optional.of(MALFORMED);
        }
    }

    private DropReason reason() {
        if (!has(rules.macs(), bytes(6, 6))) {
            return MAC;
        }
        int at = network();
        if (at < 0) {
            return VLAN;
        }
        if (rules.layer2()) {
            return null;
        }
        int type = u16(at - 2);
        if (type == 0x0800 && !rules.ipv4().isEmpty()) {
            return ipv4(at);
        } else if (type == 0x0806 && !rules.ipv4().isEmpty()) {
            return arpHeader(bytes(at, 14)) && arpSender(bytes(at + 14, 14)) ? null : ARP;
        } else if (type == 0x86dd && !rules.ipv6().isEmpty()) {
            return ipv6(at);
        }
        return ETHERTYPE;
    }

    /** Where the network header is, or -1 if the tags are not allowed. */
    private int network() {
        int at = 12;
        int vlan = tag.orElse(0) & 0xfff;
        if (tag.isEmpty() && u16(at) == 0x8100) {
            vlan = u16(bytes(at, 6), 2) & 0xfff;
            at += 4;
        }
        boolean nested = u16(at) == 0x8100 || u16(at) == 0x88a8;
        boolean allowed = vlan == 0 ? rules.untagged() : rules.vlans().contains(vlan);
        return allowed && !nested ? at + 2 : -1;
    }

    private DropReason ipv4(int at) {
        byte[] header = bytes(at, 20);
        int length = (header[0] & 15) * 4;
        if ((header[0] & 0xf0) != 0x40 || length < 20 || at + length > frame.length) {
            return MALFORMED;
        }
        if (!has(rules.ipv4(), Arrays.copyOfRange(header, 12, 16))) {
            return IPV4;
        }
        return isRemote(Arrays.copyOfRange(header, 16, 20)) ? null : REMOTE;
    }

    private boolean arpHeader(byte[] arp) {
        return Arrays.equals(Arrays.copyOf(arp, 6), HexFormat.of().parseHex("000108000604"))
                && (u16(arp, 6) == 1 || u16(arp, 6) == 2)
                && has(rules.macs(), Arrays.copyOfRange(arp, 8, 14));
    }

    private boolean arpSender(byte[] rest) {
        return has(rules.ipv4(), Arrays.copyOf(rest, 4));
    }

    private DropReason ipv6(int at) {
        byte[] header = bytes(at, 40);
        byte[] source = Arrays.copyOfRange(header, 8, 24);
        boolean unspecified = Arrays.equals(source, new byte[16]);
        if ((header[0] & 0xf0) != 0x60) {
            return MALFORMED;
        }
        if (!unspecified && !mine(source)) {
            return IPV6;
        }
        int next = header[6] & 0xff;
        int to = at + 40;
        for (int i = 0; i < 6 && WALKED.contains(next); i++) {
            byte[] extension = bytes(to, 2);
            next = extension[0] & 0xff;
            to += 8 + 8 * (extension[1] & 0xff);
        }
        boolean tooMany = WALKED.contains(next);
        if (next == 58) {
            if (!icmpv6(to, unspecified)) {
                return ICMPV6;
            }
            boolean toNeighbours = List.of(131, 132, 133, 135, 136, 143).contains(bytes(to, 1)[0] & 0xff);
            return toNeighbours || isRemote(Arrays.copyOfRange(header, 24, 40)) ? null : REMOTE;
        }
        if (next == 44 && (walked(header[6] & 0xff, at) < 6)) {
            next = bytes(to, 1)[0] & 0xff;
            if (next == 58) {
                return ICMPV6;
            }
        }
        if (unspecified || tooMany || HIDING.contains(next)) {
            return IPV6;
        }
        return isRemote(Arrays.copyOfRange(header, 24, 40)) ? null : REMOTE;
    }

    /** How many extension headers come before one of another kind. */
    private int walked(int first, int at) {
        int count = 0;
        int to = at + 40;
        for (int next = first; count < 6 && WALKED.contains(next); count++) {
            next = frame[to] & 0xff;
            to += 8 + 8 * (frame[to + 1] & 0xff);
        }
        return count;
    }

    private boolean icmpv6(int at, boolean unspecified) {
        int type = bytes(at, 1)[0] & 0xff;
        return switch (type) {
            case 134, 137 -> false;
            case 136 -> mine(Arrays.copyOfRange(bytes(at, 24), 8, 24));
            case 135 -> !unspecified || mine(Arrays.copyOfRange(bytes(at, 24), 8, 24));
            case 131, 132, 143 -> true;
            default -> !unspecified;
        };
    }

    private boolean isRemote(byte[] destination) {
        List<Prefix> ofThatSize = rules.remotes().stream()
                .filter(remote -> remote.network().length == destination.length)
                .toList();
        return rules.remotes().isEmpty() || has(ofThatSize, destination);
    }

    private boolean mine(byte[] address) {
        boolean linkLocal = rules.macs().stream().map(Prefix::network).anyMatch(m -> {
            byte[] own = HexFormat.of().parseHex("fe80" + "00".repeat(6) + "000000fffe000000");
            own[8] = (byte) (m[0] ^ 2);
            System.arraycopy(m, 1, own, 9, 2);
            System.arraycopy(m, 3, own, 13, 3);
            return Arrays.equals(own, address);
        });
        return linkLocal || has(rules.ipv6(), address);
    }

    /** Bit by bit. */
    private static boolean has(List<Prefix> prefixes, byte[] address) {
        return prefixes.stream().anyMatch(prefix -> {
            byte[] network = prefix.network();
            for (int i = 0; i < prefix.length(); i++) {
                if (((network[i / 8] ^ address[i / 8]) & 0x80 >> i % 8) != 0) {
                    return false;
                }
            }
            return true;
        });
    }

    private int u16(int at) {
        return u16(bytes(at, 2), 0);
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private byte[] bytes(int at, int length) {
        if (at + length > frame.length) {
            throw new CutShort();
        }
        return Arrays.copyOfRange(frame, at, at + length);
    }
}
