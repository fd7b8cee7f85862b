package io.sluice.broker.policy;

/** How the XDP program is attached to the device. */
public enum XdpMode {
    /** In the driver if it can, else on the generic path. */
    AUTO,
    /** In the driver. */
    NATIVE,
    /** On the generic path, after the kernel has made an skb; any device can. */
    SKB
}
