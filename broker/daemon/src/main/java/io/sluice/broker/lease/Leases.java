package io.sluice.broker.lease;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.Quota;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.EndReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * All live leases, those that have ended but still hold something, and what each tenant has used of its quota. A lease in a
 * jail ends at once, with its gate; its devices and descriptors go in other threads, and count until they are gone.
 */
public final class Leases {
    private final Map<Long, Lease> live = new LinkedHashMap<>();
    /** Ended, but not gone. */
    private final Map<Long, Lease> ended = new HashMap<>();
    /** Shut in this turn, to be taken down together, and what is to be done once that is. */
    private final List<Lease> shut = new ArrayList<>();

    private final List<Runnable> afterwards = new ArrayList<>();
    private final List<Going> going = new ArrayList<>();
    private final Map<String, Long> pools = new HashMap<>();
    private final Audit audit;
    private final Maker maker;
    private long lastId;

    private record Going(CompletableFuture<Void> gone, List<Runnable> afterwards) {}

    /** @param maker of what the leases hold; borrowed */
    public Leases(Audit audit, Maker maker) {
        this.audit = audit;
        this.maker = maker;
    }

    /** A lease of what was made, under a number that none has had; {@link #add} makes it one that counts. */
    public Lease lease(Holder holder, Order order, Maker.Result result) {
        return new Lease(++lastId, holder, order, result.device(), result.made(), System.currentTimeMillis());
    }

    /**
     * Whether {@code tenant} may have so much more. What has ended counts until it is gone.
     *
     * @param pool bytes of it
     * @return what the quota forbids, or empty
     */
    public Optional<String> overQuota(String tenant, Quota quota, List<Order> orders, long pool) {
        List<Order> all = new ArrayList<>(orders);
        counted().filter(lease -> lease.holder().tenant().equals(tenant)).forEach(lease -> all.add(lease.order()));
        return quota.exceededBy(all, pool + pools.getOrDefault(tenant, 0L));
    }

    /** Charges memory that belongs to no lease, a pool; negative to give it back. */
    public void charge(String tenant, long bytes) {
        pools.merge(tenant, bytes, Long::sum);
    }

    /** Records a lease that was made. */
    public void add(Lease lease) {
        live.put(lease.id(), lease);
        audit.record(lease.audit(AuditEvent.Type.GRANT));
    }

    /** The same lease in the hands of another holder. */
    public Lease adopt(Lease lease, Holder holder) {
        Lease adopted = new Lease(lease.id(), holder, lease.order(), lease.device(), lease.made(), lease.sinceMs());
        live.put(lease.id(), adopted);
        audit.record(adopted.audit(AuditEvent.Type.ADOPTED));
        return adopted;
    }

    /** Takes a lease back from whoever has its descriptors, and writes that down once all that it held is free. */
    public void end(Lease lease, EndReason reason, String why) {
        if (live.remove(lease.id()) == null) {
            return;
        }
        ended.put(lease.id(), lease);
        discard(lease);
        String text = reason.name().toLowerCase(java.util.Locale.ROOT);
        AuditEvent.Builder event = lease.audit(AuditEvent.Type.END).setReason(why.isEmpty() ? text : text + ": " + why);
        afterwards(() -> {
            ended.remove(lease.id());
            audit.record(event);
        });
    }

    /** Takes down what was made for a lease. In a jail, that is shut at once, and the rest is for {@link #reap}. */
    public void discard(Lease lease) {
        if (lease.made().jail().isPresent()) {
            lease.made().shut();
            shut.add(lease);
        } else {
            lease.made().close();
        }
    }

    /** Does something once all that was shut in this turn is gone; at once if nothing was. */
    public void afterwards(Runnable step) {
        if (shut.isEmpty()) {
            step.run();
        } else {
            afterwards.add(step);
        }
    }

    /**
     * Starts to take down what was shut, all in one go, and does what was to be done after what is gone by now. What can't
     * be taken down stays shut, is logged, and counts for as long as this broker runs; its successor tries again.
     *
     * @param wake called by another thread once it is worth calling this again
     */
    public void reap(Runnable wake) {
        if (!shut.isEmpty()) {
            CompletableFuture<Void> gone = maker.remove(List.copyOf(shut));
            going.add(new Going(gone, List.copyOf(afterwards)));
            shut.clear();
            afterwards.clear();
            CompletableFuture<Void> unused = gone.whenComplete((nothing, e) -> wake.run());
        }
        for (Going each : List.copyOf(going)) {
            if (each.gone().isDone() && !each.gone().isCompletedExceptionally()) {
                going.remove(each);
                each.afterwards().forEach(Runnable::run);
            }
        }
    }

    /** Waits until all that was shut is gone. */
    public void settle() {
        reap(() -> {});
        going.forEach(each -> each.gone().handle((nothing, e) -> null).join());
        reap(() -> {});
    }

    /** Whether a jail like this has ended whose route is in the way of the next one until it is gone. */
    public boolean isGoing(Place.Jail jail) {
        return jail.bridge().isEmpty()
                && ended.values().stream().map(Lease::order).map(Order::place).anyMatch(jail::equals);
    }

    /** The live lease of that id. */
    public Optional<Lease> find(long id) {
        return Optional.ofNullable(live.get(id));
    }

    /** All that count against a quota: the live ones, then those that have ended and are not gone. */
    public Stream<Lease> counted() {
        return Stream.concat(live.values().stream(), ended.values().stream());
    }

    /** A snapshot of the live ones, oldest first. */
    public List<Lease> all() {
        return new ArrayList<>(live.values());
    }
}
