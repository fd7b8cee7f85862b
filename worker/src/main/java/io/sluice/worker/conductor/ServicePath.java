package io.sluice.worker.conductor;

import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.plan.Nsh;
import io.sluice.worker.conductor.plan.NshCarrier;
import io.sluice.worker.conductor.plan.PortPlan;
import java.util.List;
import java.util.OptionalInt;

/**
 * What a link matches of what an nsh port's carrier brings: one service path, or one hop of it.
 *
 * <p>The match becomes a port of its own, beside the one that the link was asked for, on the same socket and with the same
 * VNI or key; the socket's demultiplexer tells the paths apart, and each has its own counters.
 *
 * @param spi service path identifier, 24 bits
 * @param si service index of what comes, 1..255; empty: any
 */
public record ServicePath(int spi, OptionalInt si) {
    /** Whether {@code port} is one whose paths can be told apart. */
    static boolean hasPaths(PortState port) {
        return port.plan.transport() instanceof Nsh;
    }

    /**
     * The port for this path on the carrier of {@code port}.
     *
     * @throws ConductorException its paths can't be told apart, or the path is out of range
     */
    PortPlan on(PortState port) throws ConductorException {
        PortPlan plan = port.plan;
        if (!(plan.transport() instanceof Nsh nsh)) {
            throw new ConductorException(
                    Kind.INVALID, "port " + plan.name() + " is no nsh port, so it has no service paths");
        }
        if (nsh.carrier() instanceof NshCarrier.Ethernet) {
            throw new ConductorException(
                    Kind.REFUSED,
                    "port " + plan.name() + " has a socket of its own: over Ethernet each service path is a port; "
                            + "`sluice port add NAME GRANT --kind nsh --over ethernet --spi " + spi + "`");
        }
        String name = plan.name() + "." + spi + (si.isPresent() ? "." + si.getAsInt() : "");
        try {
            return new PortPlan(name, nsh.of(spi, si), plan.depth(), plan.mtu(), List.of());
        } catch (IllegalArgumentException e) {
            throw new ConductorException(Kind.INVALID, e.getMessage(), e);
        }
    }

    /** Whether it is what {@code port} receives anyway. */
    boolean isOf(PortState port) {
        return port.plan.transport() instanceof Nsh nsh
                && nsh.spi() == spi
                && nsh.rxSi().equals(si);
    }
}
