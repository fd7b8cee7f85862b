package io.sluice.worker.port.tap;

import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Builds a port from the queues of a tap device: leased, inherited, or of {@link TapDevice#open}. */
public final class TapPort {
    private TapPort() {}

    /**
     * @param queues consumed, also on failure; all of one device
     * @param vnet bytes of virtio_net_hdr: 0 or 10
     * @return the port; its features tell which offloads the host uses towards it
     * @throws IllegalArgumentException a descriptor is no such queue, or the port needs large frames and the pool has none
     */
    public static Port open(PortInfo info, List<Fd> queues, int vnet, FramePool pool) throws SyscallException {
        List<Counters> counters = new ArrayList<>();
        try (Closer closer = new Closer()) {
            queues.forEach(closer::add);
            boolean large = large(info, vnet, pool);
            List<PortQueue> opened = new ArrayList<>();
            for (Fd queue : queues) {
                counters.add(new Counters());
                opened.add(queue(info, queue, vnet, large, pool.view(), counters.get(opened.size())));
            }
            PortInfo known = info.with(TapDevice.offload(queues.get(0), vnet));
            closer.release();
            return Port.of(known, opened, counters, Map::of);
        }
    }

    /** Whether frames of the pool that hold superframes are needed. */
    static boolean large(PortInfo info, int vnet, FramePool pool) {
        if (vnet == 0) {
            return FrameLimits.needsLarge(info.mtu(), pool);
        }
        FrameLimits.requireLarge(pool, "offloads need");
        return true;
    }

    /** @param fd borrowed until this has returned */
    static TapQueue queue(PortInfo info, Fd fd, int vnet, boolean large, FramePool pool, Counters counters)
            throws SyscallException {
        TapDevice.prepare(fd, vnet);
        return new TapQueue(fd, pool, counters, vnet, large, info.depth(), FrameLimits.longest(info.mtu()));
    }
}
