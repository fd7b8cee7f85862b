package io.sluice.worker.conductor.open;

import io.sluice.grant.v1.GrantRequest;
import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.MessageTransport;
import io.sluice.worker.port.Port;

/** Opens ports whose messages are bare frames: unix sockets, UDP, VDE switches, and whatever was inherited. */
final class MessageOpener {
    private static final int UDP = 17;

    private MessageOpener() {}

    static Port open(Opening opening, MessageTransport transport) throws ConductorException {
        if (transport instanceof MessageTransport.InetDgram dgram
                && dgram.grant().isPresent()) {
            return opening.leased(dgram.grant().get(), GrantRequest.getDefaultInstance(), (lease, fds) -> {
                TunnelOpener.socket(lease, fds, UDP, dgram.kind());
                throw opening.unavailable();
            });
        }
        if (transport instanceof MessageTransport.InetDgram) {
            opening.requireOpenable("a UDP socket", "a grant of kind udp");
        } else if (!(transport instanceof MessageTransport.Inherited)) {
            opening.requireOpenable("a unix socket", "an inherited one (kind fd)");
        }
        return opening.own(() -> {
            throw opening.unavailable();
        });
    }
}
