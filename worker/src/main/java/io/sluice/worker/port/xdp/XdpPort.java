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

    /**
     * One socket and the entries of its rings.
     *
     * @param tx 0 for a socket that only receives
     * @param holder the number under which a predecessor noted its frames in the pool, which has been {@link
     *     FramePool#left}; 0: nobody has used the socket
     */
    public record Socket(Fd fd, int rx, int tx, int fill, int completion, int holder) {
        /** A socket that nobody has used. */
        public Socket(Fd fd, int rx, int tx, int fill, int completion) {
            this(fd, rx, tx, fill, completion, 0);
        }
    }

    private XdpPort() {}

    /**
     * @param sockets consumed, also on failure
     * @param multiBuffer whether they were bound for packets longer than a chunk (XDP_USE_SG)
     * @throws IllegalArgumentException they were, and the pool has no large frames
     */
    public static Port open(PortInfo info, List<Socket> sockets, boolean busyPoll, boolean multiBuffer, FramePool pool)
            throws SyscallException {
        List<Counters> counters = new ArrayList<>();
        List<XskRings> rings = new ArrayList<>();
        try (Closer closer = new Closer()) {
            sockets.forEach(socket -> closer.add(socket.fd()));
            if (multiBuffer) {
                FrameLimits.requireLarge(pool, "an MTU of " + info.mtu() + " needs");
            }
            for (Socket socket : sockets) {
                XskRings mapped = XskRings.map(socket);
                closer.add(mapped::close);
                rings.add(mapped);
                if (socket.holder() != 0) {
                    Succession.correct(mapped, pool, socket.holder(), multiBuffer);
                }
            }
            closer.release();
        }
        // Queues give frames to the kernel as they begin, which can't be undone here: so only when nothing can fail.
        int longest = FrameLimits.longest(info.mtu());
        List<PortQueue> queues = new ArrayList<>();
        for (int i = 0; i < sockets.size(); i++) {
            counters.add(new Counters());
            Socket socket = sockets.get(i);
            int holder = socket.holder() == 0 ? pool.newHolder() : pool.adopt(socket.holder());
            queues.add(new XskQueue(
                    socket.fd(), rings.get(i), pool.view(), holder, counters.get(i), busyPoll, multiBuffer, longest));
        }
        return Port.of(
                info,
                queues,
                counters,
                kernelCounters(sockets.stream().map(Socket::fd).toList()));
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
