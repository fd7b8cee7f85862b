package io.sluice.broker.bpf;

/** Where on a device an XDP program is to run. */
public enum XdpAttachMode {
    /** In the driver if it supports XDP, in the stack otherwise. {@link BpfLink#mode()} tells which it became. */
    AUTO,
    /** In the driver, or not at all. */
    NATIVE,
    /** In the stack, with every driver: slower, packets are copied. */
    SKB
}
