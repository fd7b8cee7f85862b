package io.sluice.worker.port.stream;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.line.DiallingLine;
import io.sluice.worker.port.line.FixedLine;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.ListeningLine;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.line.SocketAddress;
import io.sluice.worker.port.line.Sockets;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Builds ports of stream sockets: QEMU's stream and socket. */
public final class StreamPort {
    /** What the port is made of. */
    public sealed interface Endpoint {
        /** A socket that peers connect to, one at a time: QEMU's stream with server=off. */
        record Server(SocketAddress local) implements Endpoint {}

        /**
         * A socket that connects, and tries until somebody listens: QEMU's stream with server=on.
         *
         * @param reconnectMs how long to wait before connecting again; 0: never, once it was connected; empty: soon, and a
         *     little later each time
         */
        record Client(SocketAddress remote, OptionalInt reconnectMs) implements Endpoint {
            public Client {
                if (remote instanceof HostPort host && host.port() == 0) {
                    throw new IllegalArgumentException("the remote port is 0; give the port of the peer");
                }
            }
        }

        /**
         * A connected stream socket that this process was started with, or got.
         *
         * @param fd consumed, also on failure
         */
        record Inherited(Fd fd) implements Endpoint {}
    }

    private StreamPort() {}

    /**
     * @throws IOException the socket can't be made; the message says why
     * @throws IllegalArgumentException the descriptor is not suitable, or the port needs large frames and the pool has none
     */
    public static Port open(PortInfo info, Endpoint endpoint, FramePool pool, Lookout lookout) throws IOException {
        Line line = line(endpoint, lookout);
        try (Closer closer = new Closer()) {
            closer.add(line::close);
            int longest = FrameLimits.longest(info.mtu());
            boolean large = FrameLimits.needsLarge(info.mtu(), pool);
            Counters counters = new Counters();
            StreamQueue queue =
                    new StreamQueue(line, pool, counters, large, info.depth(), Math.min(longest, FrameParser.LONGEST));
            closer.release();
            return new Port(info, List.of(queue), counters, Map::of);
        }
    }

    private static Line line(Endpoint endpoint, Lookout lookout) throws IOException {
        if (endpoint instanceof Endpoint.Server server) {
            return ListeningLine.open(Sockets.STREAM, server.local());
        } else if (endpoint instanceof Endpoint.Client client) {
            return DiallingLine.open(Sockets.STREAM, client.remote(), Optional.empty(), client.reconnectMs(), lookout);
        }
        return FixedLine.inherited(((Endpoint.Inherited) endpoint).fd(), true);
    }
}
