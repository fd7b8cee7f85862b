package io.sluice.worker.conductor;

import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Rings;
import io.sluice.worker.port.Tuning;

/**
 * One port, looked at closely between two data-path cycles.
 *
 * @param rings of its first queue; the others have the same
 * @param carriesVnet whether its frames have a vnet header, without which no offload can be on
 * @param counters since it was opened; all 0 while it is down, as is what follows
 */
public record PortView(PortState state, Tuning tuning, Rings rings, boolean carriesVnet, Counters counters) {}
