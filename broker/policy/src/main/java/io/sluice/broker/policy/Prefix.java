package io.sluice.broker.policy;

import java.util.HexFormat;

/**
 * The first bits of an address, in network byte order: of IPv4 (4 bytes), IPv6 (16), or a MAC address (6, used whole).
 *
 * @param hex the bytes of the address, lower case, with colons between; the bits behind the prefix are 0
 * @param length how many bits have to match, 0 to all
 */
public record Prefix(String hex, int length) {
    private static final HexFormat HEX = HexFormat.ofDelimiter(":");

    /** Throws IllegalArgumentException if the length is out of range or a bit behind the prefix is set. */
    public Prefix {
        byte[] network = HEX.parseHex(hex);
        int bits = network.length * Byte.SIZE;
        if (bits != 32 && bits != 48 && bits != 128) {
            throw new IllegalArgumentException("an address has 4, 6 or 16 bytes, not " + network.length);
        }
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("a prefix has 0 to " + bits + " bits here, not " + length);
        }
        for (int i = length; i < bits; i++) {
            if ((network[i / 8] & 0x80 >> i % 8) != 0) {
                throw new IllegalArgumentException("bits are set behind the first " + length + " of " + hex
                        + ": clear them, or make the prefix longer");
            }
        }
    }

    /** The first {@code length} bits of an address. */
    public Prefix(byte[] network, int length) {
        this(HEX.formatHex(network), length);
    }

    /** The whole address. */
    public static Prefix of(byte... address) {
        return new Prefix(address, address.length * Byte.SIZE);
    }

    /** The address, 4, 6 or 16 bytes. */
    public byte[] network() {
        return HEX.parseHex(hex);
    }

    @Override
    public String toString() {
        return hex + "/" + length;
    }
}
