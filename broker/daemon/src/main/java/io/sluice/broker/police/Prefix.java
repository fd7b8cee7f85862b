package io.sluice.broker.police;

import java.util.Arrays;
import java.util.HexFormat;

/** The first bits of an address, in network byte order: of IPv4 (4 bytes), IPv6 (16), or a MAC address (6, used whole). */
public final class Prefix {
    private final byte[] network;
    private final int length;

    /**
     * Takes a copy.
     *
     * @param network the address; the bits behind the prefix are 0
     * @param length how many bits have to match, 0 to all
     * @throws IllegalArgumentException if the length is out of range or a bit behind the prefix is set
     */
    public Prefix(byte[] network, int length) {
        this.network = network.clone();
        this.length = length;
        int bits = network.length * Byte.SIZE;
        if (bits != 32 && bits != 48 && bits != 128) {
            throw new IllegalArgumentException("an address has 4, 6 or 16 bytes, not " + network.length);
        }
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("a prefix has 0 to " + bits + " bits here, not " + length);
        }
        for (int i = length; i < bits; i++) {
            if ((network[i / 8] & 0x80 >> i % 8) != 0) {
                throw new IllegalArgumentException("bits are set behind the first " + length + " of "
                        + HexFormat.ofDelimiter(":").formatHex(network) + ": clear them, or make the prefix longer");
            }
        }
    }

    /** The whole address. */
    public static Prefix of(byte... address) {
        return new Prefix(address, address.length * Byte.SIZE);
    }

    /** A copy of the address. */
    public byte[] network() {
        return network.clone();
    }

    /** How many bits have to match. */
    public int length() {
        return length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prefix that && length == that.length && Arrays.equals(network, that.network);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(network) + length;
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(":").formatHex(network) + "/" + length;
    }
}
