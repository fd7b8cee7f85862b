package io.sluice.worker.port;

/** Sizes of Ethernet frames, in bytes and without FCS. */
public final class FrameLimits {
    /** Two MAC addresses and an ethertype. */
    public static final int ETHERNET_HEADER = 14;

    /** An 802.1Q tag. */
    public static final int VLAN_TAG = 4;

    /** The virtio_net_hdr before a frame (linux/virtio_net.h), without num_buffers. */
    public static final int VNET_HEADER = 10;

    private FrameLimits() {}

    /** Longest frame on a device of this MTU, tagged. */
    public static int longest(int mtu) {
        return mtu + ETHERNET_HEADER + VLAN_TAG;
    }
}
