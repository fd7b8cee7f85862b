package io.sluice.worker.port.message;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.line.DatagramLine;
import io.sluice.worker.port.line.DiallingLine;
import io.sluice.worker.port.line.FixedLine;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.Line;
import io.sluice.worker.port.line.ListeningLine;
import io.sluice.worker.port.line.Lookout;
import io.sluice.worker.port.line.Sockets;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.packet.ReceiveSlots;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Builds ports of message sockets. Data-path thread only. */
public final class MessagePort {
    /** What the port is made of. */
    public sealed interface Endpoint {
        /** A unix seqpacket socket that peers connect to, as User Mode Linux's bess does; one at a time. */
        record SeqpacketServer(UnixPath path) implements Endpoint {}

        /**
         * A unix seqpacket socket that connects, again and again if it must.
         *
         * @param local bound before that
         */
        record SeqpacketClient(UnixPath path, Optional<UnixPath> local) implements Endpoint {}

        /** Unix datagrams between two paths: QEMU's dgram with local.path and remote.path, the other way round. */
        record UnixDatagram(UnixPath local, UnixPath remote) implements Endpoint {}

        /** UDP, a frame a datagram: QEMU's dgram with inet addresses. */
        record InetDatagram(HostPort local, HostPort remote) implements Endpoint {
            public InetDatagram {
                if (remote.port() == 0) {
                    throw new IllegalArgumentException("the remote port is 0; give the port of the peer");
                }
            }
        }

        /**
         * A UDP socket that the broker has bound, and perhaps connected.
         *
         * @param fd consumed, also on failure
         */
        record BoundDatagram(Fd fd, HostPort remote) implements Endpoint {}

        /**
         * A connected datagram or seqpacket socket that this process was started with, or got.
         *
         * @param fd consumed, also on failure
         */
        record Inherited(Fd fd) implements Endpoint {}
    }

    /** The data-path thread's receive slots for messages. */
    public interface SlotSource {
        ReceiveSlots slots(boolean large);
    }

    private MessagePort() {}

    /**
     * @throws IOException the socket can't be made; the message says why
     * @throws IllegalArgumentException the descriptor is not suitable, or the port needs large frames and the pool has none
     */
    public static Port open(PortInfo info, Endpoint endpoint, FramePool pool, SlotSource slots, Lookout lookout)
            throws IOException {
        Line line = line(endpoint, lookout);
        try (Closer closer = new Closer()) {
            closer.add(line::close);
            Port port = open(info, line, pool, slots);
            closer.release();
            return port;
        }
    }

    private static Line line(Endpoint endpoint, Lookout lookout) throws IOException {
        if (endpoint instanceof Endpoint.SeqpacketServer server) {
            return ListeningLine.open(Sockets.SEQPACKET, server.path());
        } else if (endpoint instanceof Endpoint.SeqpacketClient client) {
            return DiallingLine.open(Sockets.SEQPACKET, client.path(), client.local(), OptionalInt.empty(), lookout);
        } else if (endpoint instanceof Endpoint.UnixDatagram unix) {
            return DatagramLine.open(unix.local(), unix.remote(), lookout);
        } else if (endpoint instanceof Endpoint.InetDatagram inet) {
            return FixedLine.udp(inet.local(), inet.remote());
        } else if (endpoint instanceof Endpoint.BoundDatagram bound) {
            return FixedLine.bound(bound.fd(), bound.remote());
        }
        return FixedLine.inherited(((Endpoint.Inherited) endpoint).fd(), false);
    }

    /**
     * A port of any line of messages.
     *
     * @param line consumed, unless this fails
     */
    public static Port open(PortInfo info, Line line, FramePool pool, SlotSource slots) {
        int maxFrame = FrameLimits.longest(info.mtu());
        boolean large = FrameLimits.needsLarge(info.mtu(), pool);
        Counters counters = new Counters();
        MessageQueue queue = new MessageQueue(line, pool, slots.slots(large), counters, info.depth(), maxFrame);
        return new Port(info, List.of(queue), counters, Map::of);
    }
}
