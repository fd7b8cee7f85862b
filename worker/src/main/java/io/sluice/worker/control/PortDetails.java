package io.sluice.worker.control;

import io.sluice.worker.conductor.PortChange;
import io.sluice.worker.conductor.PortView;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.v1.Coalescing;
import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.Offload;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.Rings;
import io.sluice.worker.v1.SetPortRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** What ethtool would tell of a port, and what it could change. */
final class PortDetails {
    /** Drops of received packets that are not about what they contain. */
    private static final Set<String> NOT_ENCAPSULATION =
            Set.of("rx_drop_truncated", "rx_drop_no_frame", "rx_drop_full", "rx_drop_closed");

    private PortDetails() {}

    static PortChange change(SetPortRequest request) {
        return new PortChange(
                request.hasDepth() ? OptionalInt.of(request.getDepth()) : OptionalInt.empty(),
                request.hasTxUsecs() ? OptionalInt.of(request.getTxUsecs()) : OptionalInt.empty(),
                request.hasTxFrames() ? OptionalInt.of(request.getTxFrames()) : OptionalInt.empty(),
                request.getOffloadsMap());
    }

    static PortDetail message(PortView view, Port port) {
        return PortDetail.newBuilder()
                .setPort(port)
                .setRings(Rings.newBuilder()
                        .setDepth(view.tuning().depth())
                        .setDepthMax(Vector.CAPACITY)
                        .setRx(view.rings().rx())
                        .setTx(view.rings().tx())
                        .setFill(view.rings().fill())
                        .setCompletion(view.rings().completion()))
                .setCoalescing(Coalescing.newBuilder()
                        .setTxUsecs(view.tuning().txUsecs())
                        .setTxFrames(view.tuning().txFrames()))
                .addAllOffloads(offloads(view))
                .addAllStatistics(statistics(view.counters()))
                .build();
    }

    private static List<Offload> offloads(PortView view) {
        List<Offload> list = new ArrayList<>();
        for (io.sluice.worker.port.Offload offload : io.sluice.worker.port.Offload.values()) {
            if (offload == io.sluice.worker.port.Offload.TX_TCP4) {
                boolean any = has(view, offload) || has(view, io.sluice.worker.port.Offload.TX_TCP6);
                list.add(offload("tcp-segmentation-offload", any, !view.carriesVnet()));
            }
            if (offload == io.sluice.worker.port.Offload.RX_GRO) {
                list.add(offload("generic-segmentation-offload", true, true)); // what a port can't take is cut here
            }
            list.add(offload(offload.label(), has(view, offload), offload.needsVnet() && !view.carriesVnet()));
        }
        return list;
    }

    private static boolean has(PortView view, io.sluice.worker.port.Offload offload) {
        return (view.carriesVnet() || !offload.needsVnet()) && view.tuning().has(offload);
    }

    private static Offload offload(String name, boolean on, boolean fixed) {
        return Offload.newBuilder().setName(name).setOn(on).setFixed(fixed).build();
    }

    /** The order of User Mode Linux's ethtool_stats_keys (arch/um/drivers/vector_kern.c). */
    private static List<Counter> statistics(Counters counters) {
        long refused = 0;
        for (PortCounter counter : PortCounter.values()) {
            if (counter.label().startsWith("rx_drop_") && !NOT_ENCAPSULATION.contains(counter.label())) {
                refused += counters.get(counter);
            }
        }
        return List.of(
                counter("rx_queue_max", counters.rxMax()),
                counter("rx_queue_running_average", counters.rxAverage()),
                counter("tx_queue_max", counters.txMax()),
                counter("tx_queue_running_average", counters.txAverage()),
                counter("rx_encaps_errors", refused),
                counter("tx_timeout_count", 0),
                counter("tx_restart_queue", counters.get(PortCounter.TX_STALLS)),
                counter("tx_kicks", counters.deadlines()),
                counter("tx_flow_control_xon", 0),
                counter("tx_flow_control_xoff", 0),
                counter("rx_csum_offload_good", 0),
                counter("rx_csum_offload_errors", 0),
                counter("sg_ok", 0),
                counter("sg_linearized", 0));
    }

    private static Counter counter(String name, long value) {
        return Counter.newBuilder().setName(name).setValue(value).build();
    }
}
