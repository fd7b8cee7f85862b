package io.sluice.broker.policy;

/** How the sockets of a packet grant share its traffic, packet(7) PACKET_FANOUT. */
public enum Fanout {
    HASH(0), // by flow
    LB(1), // in turn
    CPU(2), // by the CPU that received the packet
    QM(5); // by the device queue that received the packet

    private final int value;

    Fanout(int value) {
        this.value = value;
    }

    /** The kernel's PACKET_FANOUT_ constant. */
    public int value() {
        return value;
    }
}
