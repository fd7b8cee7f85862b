package io.sluice.broker.policy;

/** How the sockets of a packet grant share its traffic, packet(7) PACKET_FANOUT. */
public enum Fanout {
    /** By flow. */
    HASH(0),
    /** In turn. */
    LB(1),
    /** By the CPU that received the packet. */
    CPU(2),
    /** By the device queue that received the packet. */
    QM(5);

    private final int value;

    Fanout(int value) {
        this.value = value;
    }

    /** The kernel's PACKET_FANOUT_ constant. */
    public int value() {
        return value;
    }
}
