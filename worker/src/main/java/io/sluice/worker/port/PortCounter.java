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
    TX_GSO("packets", "Packets that went out in a system call's message together with others (UDP_SEGMENT)."),
    RX_GRO("packets", "Packets that came in a message together with others (UDP_GRO)."),
    RX_SUPERFRAMES("packets", "Superframes that were made of received packets (generic-receive-offload)."),
    RX_MERGED("packets", "Received packets that became part of the superframe of one before them."),
    RX_OUT_OF_ORDER("packets", "Received packets whose tunnel sequence number was not above the one before."),
    TX_UNREACHABLE("calls", "System calls that told of an ICMP error instead of doing anything: a peer is not there."),
    RX_DROP_TRUNCATED("packets", "Received frames that were longer than a buffer of this port.", true),
    RX_DROP_MALFORMED(
            "packets", "Received frames shorter than an Ethernet header, or with an impossible vnet header.", true),
    RX_DROP_NO_FRAME("packets", "Received frames for which no frame of the pool was free.", true),
    RX_DROP_SHORT("packets", "Received packets that end before their tunnel header does.", true),
    RX_DROP_VERSION("packets", "Received packets with another version of the tunnel protocol.", true),
    RX_DROP_FLAGS(
            "packets", "Received packets with a reserved bit set in the tunnel header, or a required one not.", true),
    RX_DROP_HEADER("packets", "Received packets whose tunnel header contradicts itself about its lengths.", true),
    RX_DROP_CHECKSUM("packets", "Received packets with a wrong checksum in the tunnel header.", true),
    RX_DROP_PROTOCOL("packets", "Received packets whose tunnel header announces something else than a frame.", true),
    RX_DROP_CONTROL(
            "packets", "Received messages of a tunnel's control protocol, which this port does not speak.", true),
    RX_DROP_CRITICAL("packets", "Received packets with an unknown option that must not be ignored.", true),
    RX_DROP_COOKIE("packets", "Received packets with a wrong L2TPv3 cookie.", true),
    RX_DROP_SERVICE_PATH("packets", "Received packets of another NSH service path or index.", true),
    RX_DROP_TTL("packets", "Received packets whose NSH hop count was used up.", true),
    RX_DROP_PEER("packets", "Received packets from an address that no tunnel of the socket has as its peer.", true),
    RX_DROP_KEY(
            "packets",
            "Received packets of a known peer with a key, session, VNI or service path that no tunnel to it has.",
            true),
    RX_DROP_FULL("packets", "Received packets to a tunnel that was not polled fast enough.", true),
    RX_DROP_CLOSED("packets", "Received packets that waited to be polled when the port was removed.", true),
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
    TX_DROP_PATH_MTU("packets", "Packets longer than the path to the peer takes.", true),
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
