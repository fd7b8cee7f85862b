package io.sluice.worker.port;

/** Every counter of a port, once: its name, unit and meaning. Ports count a vector at a time. */
public enum PortCounter {
    RX_PACKETS("packets", "Packets that the port handed to the graph or dropped on receive."),
    RX_BYTES("bytes", "Bytes of those packets, without vnet headers and FCS."),
    RX_VECTORS("vectors", "Polls that brought at least one packet; rx_packets over this is the vector fill."),
    RX_CALLS("calls", "System calls made to receive."),
    TX_PACKETS("packets", "Packets that the kernel took for sending."),
    TX_BYTES("bytes", "Bytes of those packets, without vnet headers and FCS."),
    TX_CALLS("calls", "System calls made to send."),
    TX_SEGMENTED("packets", "Packets that segmenting superframes made, beyond the superframe itself."),
    TX_STALLS("calls", "Times that the kernel had no room, so that packets waited in the port."),
    RX_DROP_TRUNCATED("packets", "Received frames that were longer than a buffer of this port.", true),
    RX_DROP_MALFORMED(
            "packets", "Received frames shorter than an Ethernet header, or with an impossible vnet header.", true),
    RX_DROP_NO_FRAME("packets", "Received frames for which no frame of the pool was free.", true),
    RX_DROP_CUT(
            "packets",
            "Frames of a stream that ended before their last byte, or began with an impossible length.",
            true),
    TX_DROP_FULL("packets", "Packets to a port whose queue was full.", true),
    TX_DROP_MALFORMED(
            "packets", "Packets shorter than an Ethernet header, or whose vnet header points outside them.", true),
    TX_DROP_TOO_LONG("packets", "Packets longer than the port's MTU or frame.", true),
    TX_DROP_SUPERFRAME(
            "packets", "Superframes with headers that contradict each other, so that they can't be segmented.", true),
    TX_DROP_NO_FRAME("packets", "Segments of superframes for which no frame was free.", true),
    TX_DROP_REFUSED("packets", "Packets that the kernel refused one by one: no buffer, device down, malformed.", true),
    TX_DROP_NO_PEER("packets", "Packets while nobody was at the other end of the socket.", true),
    TX_DROP_RX_ONLY("packets", "Packets to a port that may not send.", true),
    TX_DROP_CLOSED("packets", "Packets that waited in the port when it was removed.", true),
    PEER_CONNECTED("times", "Times that a peer connected, or that the port connected to its peer."),
    PEER_LOST("times", "Times that the peer was found gone.");

    private final String unit;
    private final String meaning;
    private final boolean drop;

    PortCounter(String unit, String meaning) {
        this(unit, meaning, false);
    }

    PortCounter(String unit, String meaning, boolean drop) {
        this.unit = unit;
        this.meaning = meaning;
        this.drop = drop;
    }

    /** As clients see it: {@code rx_packets}. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** "packets", "bytes", "vectors", "calls" or "times". */
    public String unit() {
        return unit;
    }

    /** One sentence. */
    public String meaning() {
        return meaning;
    }

    /** Whether its packets left the data path without being sent. */
    public boolean isDrop() {
        return drop;
    }
}
