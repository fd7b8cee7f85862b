package io.sluice.worker.conductor;

import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.port.Tuning;
import java.util.List;

/**
 * A port that a predecessor had.
 *
 * @param lease of the broker; 0: none
 * @param holders xdp: under which numbers the frame pool notes what its queues have given to the kernel
 * @param down why it is not to be opened; empty: it is
 */
public record Remembered(PortPlan plan, Tuning tuning, long lease, List<Integer> holders, String down) {
    public Remembered {
        holders = List.copyOf(holders);
    }
}
