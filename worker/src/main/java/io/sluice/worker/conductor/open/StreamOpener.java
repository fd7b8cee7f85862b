package io.sluice.worker.conductor.open;

import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.StreamTransport;
import io.sluice.worker.port.Port;

/** Opens ports whose frames come in a stream. */
final class StreamOpener {
    private StreamOpener() {}

    static Port open(Opening opening, StreamTransport stream) throws ConductorException {
        if (!(stream.endpoint() instanceof StreamTransport.Endpoint.Descriptor)) {
            opening.requireOpenable("a stream socket", "an inherited one (kind fd)");
        }
        return opening.own(() -> {
            throw opening.unavailable();
        });
    }
}
