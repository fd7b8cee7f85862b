package io.sluice.worker.port;

import java.util.ArrayList;
import java.util.List;

/** What may be left to whoever gets a packet next, by ethtool's names. Each can be switched off at a port that has it. */
public enum Offload {
    /** Packets come from the port with checksums that are still to be filled in, or that somebody else has verified. */
    RX_CHECKSUM("rx-checksumming", 0),
    /** Packets go to the port with checksums that are still to be filled in. */
    TX_CHECKSUM("tx-checksumming", 0),
    /** TCP over IPv4 goes to the port in superframes. */
    TX_TCP4("tx-tcp-segmentation", 1),
    /** TCP over IPv6 goes to the port in superframes. */
    TX_TCP6("tx-tcp6-segmentation", 4),
    /** UDP goes to the port in superframes. */
    TX_UDP("tx-udp-segmentation", 5),
    /** TCP that comes from the port is made superframes of, for ports that take them. */
    RX_GRO("generic-receive-offload", 0),
    /** UDP as well; begins switched off, as it does in Linux: datagrams of one flow need not be one stream. */
    RX_UDP_GRO("rx-udp-gro-forwarding", 0);

    /** VIRTIO_NET_HDR_GSO_ECN, which is set beside a type. */
    private static final int GSO_ECN = 0x80;

    private static final List<Offload> SEGMENTATIONS = List.of(TX_TCP4, TX_TCP6, TX_UDP);
    private static final Offload[] ALL = values();

    private final String label;
    private final int gsoType;

    Offload(String label, int gsoType) {
        this.label = label;
        this.gsoType = gsoType;
    }

    /** As ethtool -k prints it. */
    public String label() {
        return label;
    }

    /** The bit that stands for it in {@link Tuning#off()}. */
    @SuppressWarnings("EnumOrdinal") // a bit of a mask of this run, never stored or sent
    public int bit() {
        return 1 << ordinal();
    }

    /**
     * Those that a name of ethtool -k or -K stands for; a group has several.
     *
     * @return empty: there is no such name
     */
    public static List<Offload> named(String name) {
        return switch (name) {
            case "rx" -> List.of(RX_CHECKSUM);
            case "tx" -> List.of(TX_CHECKSUM);
            case "tso", "tcp-segmentation-offload" -> List.of(TX_TCP4, TX_TCP6);
            case "uso" -> List.of(TX_UDP);
            case "gro" -> List.of(RX_GRO);
            default -> {
                List<Offload> found = new ArrayList<>();
                for (Offload offload : ALL) {
                    if (offload.label.equals(name)) {
                        found.add(offload);
                    }
                }
                yield found;
            }
        };
    }

    /** Whether it is done with the vnet headers of the port's own frames, so that a port without them can't have it. */
    public boolean needsVnet() {
        return this != RX_GRO && this != RX_UDP_GRO;
    }

    /** Whether whoever gets the packets has to know superframes of UDP, which came with Linux 6.2. */
    public boolean needsUdpSuperframes() {
        return this == RX_UDP_GRO;
    }

    /** The bits of all segmentations. */
    static int segmentations() {
        int bits = 0;
        for (Offload offload : SEGMENTATIONS) {
            bits |= offload.bit();
        }
        return bits;
    }

    /** The bit of the segmentation that a gso_type of a vnet header asks for; 0: another one. */
    static int bitOf(int gsoType) {
        int type = gsoType & ~GSO_ECN;
        for (int i = 0; i < ALL.length; i++) {
            if (ALL[i].gsoType == type && type != 0) {
                return 1 << i;
            }
        }
        return 0;
    }
}
