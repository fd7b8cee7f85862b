package io.sluice.worker.port.tap;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.packet.PacketPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Builds a port that writes to a tap device and reads what the host sends by it from a packet socket, a vector a call.
 *
 * <p>Such a socket is told of both directions. What the host sends are frames of type OUTGOING; everything else is our own,
 * just written, and a filter keeps it away. The device's own queue would fill with what nobody reads there: it is deafened.
 */
public final class HybridPort {
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW_CLOEXEC_NONBLOCK = 3 | 0x80000 | 0x800;
    private static final int ETH_P_ALL = 3;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUF = 8;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int RECEIVE_BUFFER = 4 << 20;
    private static final int MSG_DONTWAIT = 0x40;

    private HybridPort() {}

    /**
     * A packet socket on {@code device} in this thread's network namespace. Takes CAP_NET_RAW.
     *
     * @throws IOException there is no such device, or no such right
     */
    public static Fd reader(String device) throws IOException {
        int ifindex = LIBC.if_nametoindex(device);
        if (ifindex == 0) {
            throw new IOException("there is no device " + device + " in this network namespace");
        }
        try (Closer closer = new Closer()) {
            Fd socket = closer.add(Fd.owned(
                    LIBC.socket(AF_PACKET, SOCK_RAW_CLOEXEC_NONBLOCK, 0),
                    "socket(AF_PACKET), which takes CAP_NET_RAW"));
            filter(socket);
            ByteBuffer address = Native.allocate(20).putShort(0, (short) AF_PACKET); // struct sockaddr_ll
            address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) ETH_P_ALL).order(ByteOrder.nativeOrder());
            address.putInt(4, ifindex);
            Native.check(LIBC.bind(socket.number(), address, 20), "bind(AF_PACKET, " + device + ")");
            closer.release();
            return socket;
        }
    }

    /**
     * @param tap a queue of a tap device; consumed, also on failure
     * @param reader as {@link #reader} makes it, on the same device; consumed, also on failure
     * @param vnet bytes of virtio_net_hdr, both ways: 0 or 10
     * @throws IllegalArgumentException a descriptor is not suitable, or the port needs large frames and the pool has none
     */
    public static Port open(PortInfo info, Fd tap, Fd reader, int vnet, FramePool pool, PacketPort.SlotSource slots)
            throws SyscallException {
        try (Closer closer = new Closer()) {
            closer.add(tap);
            closer.add(reader);
            boolean large = TapPort.large(info, vnet, pool);
            prepare(reader, vnet);
            Port receiving = PacketPort.open(info, List.of(reader), List.of(), vnet, Optional.empty(), pool, slots);
            TapQueue writer = TapPort.queue(info, tap, vnet, large, pool, receiving.counters());
            TapDevice.deafen(tap);
            PortInfo known = info.with(TapDevice.offload(tap, vnet));
            HybridQueue queue = new HybridQueue(receiving.queues().get(0), writer);
            closer.release();
            return new Port(known, List.of(queue), receiving.counters(), receiving.kernel());
        }
    }

    private static void prepare(Fd reader, int vnet) throws SyscallException {
        option(reader, SOL_PACKET, PACKET_IGNORE_OUTGOING, 0); // they are what this is about
        option(reader, SOL_PACKET, PACKET_VNET_HDR, vnet > 0 ? 1 : 0);
        LIBC.setsockopt(
                reader.number(), SOL_SOCKET, SO_RCVBUF, Native.allocate(4).putInt(0, RECEIVE_BUFFER), 4);
        ByteBuffer rest = Native.allocate(1);
        while (LIBC.recv(reader.number(), Native.address(rest), 1, MSG_DONTWAIT) >= 0) {
            rest.clear(); // it came without its vnet header
        }
    }

    private static void filter(Fd socket) throws SyscallException {
        SocketFilter.onlyOutgoing(program -> Native.check(
                LIBC.setsockopt(socket.number(), SOL_SOCKET, SO_ATTACH_FILTER, program, 16),
                "setsockopt(SO_ATTACH_FILTER)"));
    }

    private static void option(Fd socket, int level, int name, int value) throws SyscallException {
        ByteBuffer bytes = Native.allocate(4).putInt(0, value);
        Native.check(LIBC.setsockopt(socket.number(), level, name, bytes, 4), "setsockopt(" + name + ")");
    }
}
