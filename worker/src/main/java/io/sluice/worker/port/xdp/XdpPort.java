package io.sluice.worker.port.xdp;

import static io.sluice.worker.sys.WorkerCalls.LIBC;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.KernelCounters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/** Builds a port from an xdp lease. */
public final class XdpPort {
    private static final int SOL_XDP = 283;
    private static final int XDP_STATISTICS = 7;

    /** Fields of struct xdp_statistics, in order, each u64. */
    private static final List<String> STATISTICS = List.of(
            "kernel_rx_dropped",
            "kernel_rx_invalid_descs",
            "kernel_tx_invalid_descs",
            "kernel_rx_ring_full",
            "kernel_rx_fill_ring_empty_descs",
            "kernel_tx_ring_empty_descs");

    /** One socket and what the lease says of it. */
    public record Socket(Fd fd, io.sluice.grant.v1.XdpQueue queue) {}

    private XdpPort() {}

    /**
     * @param sockets consumed, also on failure
     * @param holderIds gives each queue a number for {@link FramePool#held}
     */
    public static Port open(
            PortInfo info, List<Socket> sockets, boolean busyPoll, FramePool pool, IntSupplier holderIds)
            throws SyscallException {
        Counters counters = new Counters();
        List<PortQueue> queues = new ArrayList<>();
        List<Fd> statistics = new ArrayList<>();
        try (Closer closer = new Closer()) {
            sockets.forEach(socket -> closer.add(socket.fd()));
            for (Socket socket : sockets) {
                XskRings rings = XskRings.map(socket.fd(), socket.queue());
                closer.add(rings::close);
                statistics.add(socket.fd());
                queues.add(new XskQueue(
                        socket.fd(),
                        rings,
                        pool,
                        holderIds.getAsInt(),
                        counters,
                        busyPoll,
                        FrameLimits.longest(info.mtu())));
            }
            closer.release();
        }
        return new Port(info, queues, counters, kernelCounters(statistics));
    }

    private static KernelCounters kernelCounters(List<Fd> sockets) {
        return () -> {
            Map<String, Long> sums = new LinkedHashMap<>();
            ByteBuffer value = Native.allocate(8 * STATISTICS.size());
            for (Fd socket : sockets) {
                ByteBuffer length = Native.allocate(4).putInt(0, value.capacity());
                if (!socket.isClosed()
                        && LIBC.getsockopt(socket.number(), SOL_XDP, XDP_STATISTICS, value, length) == 0) {
                    for (int i = 0; i < STATISTICS.size(); i++) {
                        sums.merge(STATISTICS.get(i), value.getLong(8 * i), Long::sum);
                    }
                }
            }
            return sums;
        };
    }
}
