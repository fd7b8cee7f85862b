package io.sluice.worker.port.packet;

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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds a port from a packet lease. */
public final class PacketPort {
    private static final int SOL_PACKET = 263;
    private static final int PACKET_STATISTICS = 6;
    private static final int PACKET_COPY_THRESH = 7;
    private static final int PACKET_AUXDATA = 8;

    /** The data-path thread's receive slots. */
    public interface SlotSource {
        ReceiveSlots slots(boolean large, int vnet);
    }

    /**
     * TPACKET_V2 rings, as the broker made them.
     *
     * @param frameSize bytes of a slot
     * @param frames slots, a power of two
     */
    public record RingLayout(int frameSize, int frames) {}

    private PacketPort() {}

    /**
     * @param sockets consumed, also on failure
     * @param senders consumed as well: as many sockets again that have a transmit ring of the same layout, or none
     * @param vnet bytes of virtio_net_hdr: 0 or 10
     * @throws IllegalArgumentException the port needs large frames and the pool has none
     */
    public static Port open(
            PortInfo info,
            List<Fd> sockets,
            List<Fd> senders,
            int vnet,
            Optional<RingLayout> ring,
            FramePool pool,
            SlotSource slots)
            throws SyscallException {
        int maxFrame = FrameLimits.longest(info.mtu());
        List<Counters> counters = new ArrayList<>();
        List<PortQueue> queues = new ArrayList<>();
        try (Closer closer = new Closer()) {
            sockets.forEach(closer::add);
            senders.forEach(closer::add);
            if (vnet > 0) {
                FrameLimits.requireLarge(pool, "offloads need");
            }
            boolean large = vnet > 0 || FrameLimits.needsLarge(info.mtu(), pool);
            for (int i = 0; i < sockets.size(); i++) {
                Fd socket = sockets.get(i);
                Counters own = new Counters();
                counters.add(own);
                FramePool view = pool.view();
                set(socket, PACKET_AUXDATA, "PACKET_AUXDATA");
                ReceiveRing map = ring.isEmpty() ? null : map(socket, ring.get(), closer);
                SendRing sendRing = senders.isEmpty() ? null : map(senders.get(i), ring.orElseThrow(), view, closer);
                queues.add(new PacketQueue(
                        socket,
                        map,
                        sendRing,
                        view,
                        large,
                        slots.slots(large, vnet),
                        own,
                        vnet,
                        info.depth(),
                        maxFrame));
            }
            closer.release();
        }
        return Port.of(info, queues, counters, new Statistics(List.copyOf(sockets)));
    }

    private static ReceiveRing map(Fd socket, RingLayout layout, Closer closer) throws SyscallException {
        set(socket, PACKET_COPY_THRESH, "PACKET_COPY_THRESH"); // what does not fit into a slot is also queued
        ReceiveRing ring = new ReceiveRing(socket, layout.frameSize(), layout.frames());
        closer.add(ring::close);
        return ring;
    }

    private static SendRing map(Fd sender, RingLayout layout, FramePool pool, Closer closer) throws SyscallException {
        SendRing ring = new SendRing(sender, layout.frameSize(), layout.frames(), pool);
        closer.add(ring::close);
        return ring;
    }

    private static void set(Fd socket, int option, String name) throws SyscallException {
        ByteBuffer on = Native.allocate(4).putInt(0, 1);
        Native.check(LIBC.setsockopt(socket.number(), SOL_PACKET, option, on, 4), "setsockopt(" + name + ")");
    }

    /** tpacket_stats {packets u32, drops u32}, which the kernel zeroes at each reading. */
    private static final class Statistics implements KernelCounters {
        private final List<Fd> sockets;
        private long drops;

        Statistics(List<Fd> sockets) {
            this.sockets = sockets;
        }

        @Override
        public Map<String, Long> read() {
            ByteBuffer value = Native.allocate(8);
            for (Fd socket : sockets) {
                ByteBuffer length = Native.allocate(4).putInt(0, 8);
                if (!socket.isClosed()
                        && LIBC.getsockopt(socket.number(), SOL_PACKET, PACKET_STATISTICS, value, length) == 0) {
                    drops += value.getInt(4) & 0xffffffffL;
                }
            }
            return Map.of("kernel_rx_dropped", drops);
        }
    }
}
