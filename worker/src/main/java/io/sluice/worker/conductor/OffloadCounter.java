package io.sluice.worker.conductor;

/**
 * What the kernel forwards past a port while its link is offloaded: counted by the broker's program, since the port was added.
 * Not part of the balance, as none of it was ever here.
 */
@SuppressWarnings("EnumOrdinal") // an index into an array of this run, never stored or sent
public enum OffloadCounter {
    OFFLOAD_RX_PACKETS("packets", "Packets from the port's device that the kernel forwarded past this process."),
    OFFLOAD_RX_BYTES("bytes", "Bytes of those packets."),
    OFFLOAD_TX_PACKETS(
            "packets", "Packets that the kernel forwarded to the port's device, which may have dropped some of them."),
    OFFLOAD_TX_BYTES("bytes", "Bytes of those packets.");

    private final String unit;
    private final String meaning;

    OffloadCounter(String unit, String meaning) {
        this.unit = unit;
        this.meaning = meaning;
    }

    /** As clients see it. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** "packets" or "bytes". */
    public String unit() {
        return unit;
    }

    /** One sentence. */
    public String meaning() {
        return meaning;
    }

    /** The sums of one port. */
    static final class Sums {
        private final long[] values = new long[OffloadCounter.values().length];

        void received(long packets, long bytes) {
            values[OFFLOAD_RX_PACKETS.ordinal()] += packets;
            values[OFFLOAD_RX_BYTES.ordinal()] += bytes;
        }

        void sent(long packets, long bytes) {
            values[OFFLOAD_TX_PACKETS.ordinal()] += packets;
            values[OFFLOAD_TX_BYTES.ordinal()] += bytes;
        }

        long get(OffloadCounter counter) {
            return values[counter.ordinal()];
        }
    }
}
