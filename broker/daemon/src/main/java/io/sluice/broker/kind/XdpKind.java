package io.sluice.broker.kind;

import static io.sluice.broker.sys.BrokerCalls.LIBC;

import io.sluice.broker.policy.BusyPoll;
import io.sluice.broker.policy.XdpOrder;
import io.sluice.broker.sys.Device;
import io.sluice.broker.sys.Sockets;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * AF_XDP sockets on queues of one device (Documentation/networking/af_xdp.rst). UMEM, all rings and the binding are made
 * here, because whoever holds an unbound socket may bind any device and queue. The XSKMAP entry comes last, with
 * activation: an unserved socket in the map would swallow the queue's frames.
 */
public final class XdpKind {
    static final int SOL_XDP = 283;
    private static final int XDP_RX_RING = 2;
    private static final int XDP_TX_RING = 3;
    private static final int XDP_UMEM_FILL_RING = 5;
    private static final int XDP_UMEM_COMPLETION_RING = 6;
    private static final int XDP_OPTIONS = 8;
    private static final int XDP_OPTIONS_ZEROCOPY = 1;
    private static final int XDP_COPY = 2;
    private static final int XDP_USE_NEED_WAKEUP = 8;
    private static final int XDP_USE_SG = 16;

    private XdpKind() {}

    /** Makes the sockets of {@code order} with {@code pool} as their UMEM. */
    public static Made make(XdpOrder order, Device device, Pool pool, XdpDevices devices) throws IOException {
        try (Closer closer = new Closer()) {
            List<Fd> sockets = new ArrayList<>();
            XdpDevices.Share share = devices.join(device, order, sockets);
            closer.add(() -> devices.leave(share));
            for (int queue : order.queues()) {
                Fd socket = closer.add(Sockets.open(Sockets.AF_XDP, Sockets.SOCK_RAW, 0, "AF_XDP"));
                sockets.add(socket);
                Sockets.pinDevice(socket, device.name());
                if (order.busyPoll().isPresent()) {
                    busyPoll(socket, order.busyPoll().get());
                }
                pool.register(socket, order.chunkSize(), order.headroom());
                rings(socket, order);
                bind(socket, order, device, queue);
            }
            closer.add(share::shut);
            Made.Description description = (lease, firstFd) -> lease.setXdp(order.describe(
                    firstFd,
                    device.mtu(),
                    share.on().link().mode(),
                    sockets.stream().map(XdpKind::zeroCopy).toList()));
            return new Made(sockets, description, share, closer.release());
        }
    }

    /** Receive work then happens in the holder's system calls, where a flood can't starve it. Needs NET_ADMIN. */
    private static void busyPoll(Fd socket, BusyPoll busyPoll) throws SyscallException {
        Sockets.set(socket, Sockets.SOL_SOCKET, Sockets.SO_PREFER_BUSY_POLL, 1, "SO_PREFER_BUSY_POLL");
        Sockets.set(socket, Sockets.SOL_SOCKET, Sockets.SO_BUSY_POLL, busyPoll.timeoutMicros(), "SO_BUSY_POLL");
        Sockets.set(socket, Sockets.SOL_SOCKET, Sockets.SO_BUSY_POLL_BUDGET, busyPoll.budget(), "SO_BUSY_POLL_BUDGET");
    }

    private static void rings(Fd socket, XdpOrder order) throws SyscallException {
        Sockets.set(socket, SOL_XDP, XDP_UMEM_FILL_RING, order.rings().fill(), "XDP_UMEM_FILL_RING");
        Sockets.set(socket, SOL_XDP, XDP_UMEM_COMPLETION_RING, order.rings().completion(), "XDP_UMEM_COMPLETION_RING");
        Sockets.set(socket, SOL_XDP, XDP_RX_RING, order.rings().rx(), "XDP_RX_RING");
        if (!order.rxOnly()) {
            Sockets.set(socket, SOL_XDP, XDP_TX_RING, order.rings().tx(), "XDP_TX_RING");
        }
    }

    /** sockaddr_xdp {family u16, flags u16, ifindex u32, queue_id u32, shared_umem_fd u32}. */
    private static void bind(Fd socket, XdpOrder order, Device device, int queue) throws SyscallException {
        int flags =
                XDP_USE_NEED_WAKEUP | (order.forceCopy() ? XDP_COPY : 0) | (order.fits(device.mtu()) ? 0 : XDP_USE_SG);
        ByteBuffer address = Native.allocate(16)
                .putShort(0, (short) Sockets.AF_XDP)
                .putShort(2, (short) flags)
                .putInt(4, device.ifindex())
                .putInt(8, queue);
        // EBUSY for some time after a close(2), which frees the queue later: waiting for that is the client's part.
        Native.check(
                LIBC.bind(socket.number(), address, 16), "bind(AF_XDP, " + device.name() + ", queue " + queue + ")");
    }

    private static boolean zeroCopy(Fd socket) {
        try {
            return (Sockets.get(socket, SOL_XDP, XDP_OPTIONS, "XDP_OPTIONS") & XDP_OPTIONS_ZEROCOPY) != 0;
        } catch (SyscallException e) {
            return false; // only a report; the socket works either way
        }
    }
}
