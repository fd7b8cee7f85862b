package io.sluice.worker.conductor;

import io.sluice.worker.conductor.plan.PortPlan;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Tuning;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What is to be different about a port; what is empty stays as it is.
 *
 * @param offloads by a name of ethtool's, whether it is to be on
 */
public record PortChange(OptionalInt depth, OptionalInt txUsecs, OptionalInt txFrames, Map<String, Boolean> offloads) {
    public PortChange {
        offloads = Map.copyOf(offloads);
        for (String name : offloads.keySet()) {
            if (Offload.named(name).isEmpty()) {
                throw new IllegalArgumentException(
                        "offload " + PortPlan.shown(name)
                                + " is unknown; there are rx, tx, tso, uso, gro and the long names that `sluice port show` prints");
            }
        }
    }

    /**
     * {@code now} with the changes.
     *
     * @throws IllegalArgumentException a value is out of range, or they contradict each other
     */
    Tuning applied(Tuning now) {
        int usecs = txUsecs.orElse(now.txUsecs());
        return new Tuning(
                depth.orElse(now.depth()), usecs, txFrames.orElse(usecs == 0 ? 0 : now.txFrames()), off(now.off()));
    }

    private int off(int now) {
        int off = now;
        for (Map.Entry<String, Boolean> change : new TreeMap<>(offloads).entrySet()) {
            for (Offload offload : Offload.named(change.getKey())) {
                off = change.getValue() ? off & ~offload.bit() : off | offload.bit();
                requireAgreement(change.getKey(), offload, change.getValue());
            }
        }
        return off;
    }

    /** A map has no order, so "tso off, tx-tcp6-segmentation on" would mean either. */
    private void requireAgreement(String name, Offload offload, boolean on) {
        List<String> others = offloads.entrySet().stream()
                .filter(other -> other.getValue() != on)
                .filter(other -> Offload.named(other.getKey()).contains(offload))
                .map(Map.Entry::getKey)
                .toList();
        if (!others.isEmpty()) {
            throw new IllegalArgumentException("offload " + name + " is switched " + (on ? "on" : "off") + " and "
                    + others.get(0) + " the other way; both contain " + offload.label());
        }
    }

    /** Names that are to be switched on, of offloads such as {@code wanted}. */
    List<String> switchedOn(Predicate<Offload> wanted) {
        return offloads.entrySet().stream()
                .filter(Map.Entry::getValue)
                .filter(change -> Offload.named(change.getKey()).stream().anyMatch(wanted))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
