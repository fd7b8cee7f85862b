package io.sluice.worker.port.tunnel;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.codec.Encapsulation;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.FrameLimits;
import io.sluice.worker.port.KernelCounters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds a port from a tunnel and its underlay. */
public final class TunnelPort {
    /** What an underlay counts beside its ports, shown with each of them. */
    private static final List<PortCounter> SHARED = List.of(
            PortCounter.RX_CALLS,
            PortCounter.RX_GRO,
            PortCounter.TX_UNREACHABLE,
            PortCounter.RX_DROP_TRUNCATED,
            PortCounter.RX_DROP_NO_FRAME,
            PortCounter.RX_DROP_SHORT,
            PortCounter.RX_DROP_VERSION,
            PortCounter.RX_DROP_FLAGS,
            PortCounter.RX_DROP_CONTROL,
            PortCounter.RX_DROP_PEER,
            PortCounter.RX_DROP_KEY);

    private TunnelPort() {}

    /**
     * Adds a tunnel to an underlay. In the data-path thread that serves the underlay, as its other ports are served.
     *
     * @param info its mtu is that of the frames inside
     * @throws IllegalArgumentException the underlay is for something else, or has such a tunnel; it stays as it was, and
     *     {@link Underlay#close} closes it if this would have been its first tunnel
     */
    public static Port open(PortInfo info, Underlay underlay, TunnelSpec spec) {
        int maxFrame = FrameLimits.longest(info.mtu());
        if (maxFrame > underlay.pool().room() && underlay.pool().largeFrames() == 0) {
            throw new IllegalArgumentException("an MTU of " + info.mtu()
                    + " needs large frames and this worker has none; start it with --large-frames");
        }
        Counters counters = new Counters();
        TunnelQueue queue = new TunnelQueue(underlay, spec, counters, info.depth(), maxFrame);
        underlay.attach(queue);
        return new Port(info, List.of(queue), counters, new Shared(underlay.fd(), underlay.counters()));
    }

    /**
     * Puts frames into the frames of another port.
     *
     * @param info of the port inside
     * @param carrier consumed; one without offloads
     */
    public static Port carried(PortInfo info, Port carrier, Encapsulation encapsulation, FramePool pool) {
        List<PortQueue> queues = new ArrayList<>();
        for (PortQueue queue : carrier.queues()) {
            Counters counters = carrier.state(queues.size()).counters();
            queues.add(new CarriedQueue(queue, encapsulation, pool.view(), counters));
        }
        return new Port(info, queues, carrier.states(), carrier.kernel());
    }

    private record Shared(Fd socket, Counters underlay) implements KernelCounters {
        @Override
        public Map<String, Long> read() {
            Map<String, Long> values = new LinkedHashMap<>();
            values.put("kernel_rx_dropped", UnderlaySocket.drops(socket));
            for (PortCounter counter : SHARED) {
                values.put("underlay_" + counter.label(), underlay.get(counter));
            }
            return values;
        }
    }
}
