package io.sluice.worker.conductor.plan;

/** Where a port's packets come from and go to: one record for each transport, in families that are opened alike. */
public sealed interface Transport
        permits Granted, Synthetic, TapTransport, TunnelTransport, Nsh, MessageTransport, StreamTransport {
    /** Its name, for people: "gre". */
    String kind();
}
