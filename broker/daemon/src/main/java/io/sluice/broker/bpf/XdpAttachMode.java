package io.sluice.broker.bpf;

/** Where on a device an XDP program is to run. */
public enum XdpAttachMode {
    AUTO, // in the driver if it supports XDP, in the stack otherwise; BpfLink.mode() tells which it became
    NATIVE, // in the driver, or not at all
    SKB // in the stack, with every driver: slower, packets are copied
}
