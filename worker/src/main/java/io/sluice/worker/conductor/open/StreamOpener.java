package io.sluice.worker.conductor.open;

import io.sluice.worker.conductor.ConductorException;
import io.sluice.worker.conductor.plan.StreamTransport;
import io.sluice.worker.conductor.plan.StreamTransport.Endpoint;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.line.SocketAddress;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.stream.StreamPort;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/** Opens ports whose frames come in a stream. */
final class StreamOpener {
    private StreamOpener() {}

    static Port open(Opening opening, StreamTransport stream) throws ConductorException {
        if (stream.endpoint() instanceof Endpoint.Descriptor descriptor) {
            return opening.own(() -> inherited(opening, stream, descriptor.fd()));
        }
        opening.requireOpenable("a stream socket", "an inherited one (kind fd)");
        SocketAddress address = address(stream.endpoint());
        List<String> features =
                List.of(address instanceof UnixPath ? "unix" : "tcp", stream.server() ? "server" : "client");
        PortInfo info = opening.info(stream.kind(), "", features);
        StreamPort.Endpoint endpoint = stream.server()
                ? new StreamPort.Endpoint.Server(address)
                : new StreamPort.Endpoint.Client(address, OptionalInt.of(stream.reconnectMs()));
        return opening.own(() -> StreamPort.open(
                info, endpoint, opening.pool(), opening.dataPath().lookout()));
    }

    private static SocketAddress address(Endpoint endpoint) {
        return endpoint instanceof Endpoint.UnixPath unix
                ? new UnixPath(unix.path())
                : MessageOpener.host(((Endpoint.Inet) endpoint).address());
    }

    private static Port inherited(Opening opening, StreamTransport stream, int number) throws IOException {
        try {
            return StreamPort.open(
                    opening.info(stream.kind(), "", List.of("inherited")),
                    new StreamPort.Endpoint.Inherited(opening.inherited(number)),
                    opening.pool(),
                    opening.dataPath().lookout());
        } catch (IllegalArgumentException e) {
            throw new IOException("fd " + number + ": " + e.getMessage(), e);
        }
    }
}
