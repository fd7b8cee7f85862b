package io.sluice.worker.port;

import io.sluice.worker.memory.FramePool;

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

    /**
     * Whether frames of a device of this MTU need the large frames of {@code pool}.
     *
     * @throws IllegalArgumentException they do, and there are none
     */
    public static boolean needsLarge(int mtu, FramePool pool) {
        boolean large = longest(mtu) > pool.room();
        if (large) {
            requireLarge(pool, "an MTU of " + mtu + " needs");
        }
        return large;
    }

    /** @throws IllegalArgumentException there are no large frames, which {@code what} */
    public static void requireLarge(FramePool pool, String what) {
        if (pool.largeFrames() == 0) {
            throw new IllegalArgumentException(
                    what + " large frames and this worker has none; start it with --large-frames");
        }
    }
}
