package io.sluice.broker.policy;

/** How the XDP program is attached to the device. */
public enum XdpMode {
    AUTO, // in the driver if it can, else on the generic path
    NATIVE, // in the driver
    SKB // on the generic path, after the kernel has made an skb; any device can
}
