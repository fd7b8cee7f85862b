package io.sluice.broker.lease;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.jail.Jailed;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.Quota;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.EndReason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All live leases, those that have ended but still hold something, and what each tenant has used of its quota. A lease in a
 * jail ends at once, with its gate; its devices and descriptors go in other threads, and count until they are gone.
 */
public final class Leases {
    private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

    private final Map<Long, Lease> live = new LinkedHashMap<>();
    private final List<Ended> ended = new ArrayList<>();
    private final List<Going> going = new ArrayList<>();
    private final Map<String, Long> pools = new HashMap<>();
    private final Map<String, Long> returned = new HashMap<>();
    private final Audit audit;
    private final Maker maker;
    private long lastId;

    /** A lease whose gate is shut, and what to write down when it is gone. */
    private record Ended(Lease lease, Jailed jailed, Optional<AuditEvent.Builder> event) {}

    /** What is taken down together, or could not be. */
    private record Going(List<Ended> all, Map<String, Long> memory, CompletableFuture<Void> done) {}

    /** @param maker of what the leases hold; borrowed */
    public Leases(Audit audit, Maker maker) {
        this.audit = audit;
        this.maker = maker;
    }

    /** A number that no lease has had. */
    public long nextId() {
        return ++lastId;
    }

    /**
     * Whether {@code tenant} may have so much more. If it is for what has ended that it may not, waits until that is gone.
     *
     * @param pool bytes of it
     * @return what the quota forbids, or empty
     */
    public Optional<String> overQuota(String tenant, Quota quota, List<Order> orders, long pool) {
        Optional<String> over = over(tenant, quota, orders, pool);
        return over.isPresent() && settle(lease -> lease.holder().tenant().equals(tenant))
                ? over(tenant, quota, orders, pool)
                : over;
    }

    private Optional<String> over(String tenant, Quota quota, List<Order> orders, long pool) {
        List<Order> all = new ArrayList<>(orders);
        Stream.concat(live.values().stream(), unsettled().map(Ended::lease))
                .filter(lease -> lease.holder().tenant().equals(tenant))
                .forEach(lease -> all.add(lease.order()));
        long queues = all.stream().mapToLong(order -> order.queues().size()).sum();
        long memory = pool
                + pools.getOrDefault(tenant, 0L)
                + all.stream().mapToLong(Order::memory).sum();
        return over(all.size(), quota.leases(), "leases")
                .or(() -> over(queues, quota.queues(), "queues"))
                .or(() -> over(memory, quota.memory(), "bytes of memory"));
    }

    private static Optional<String> over(long held, long allowed, String what) {
        return held <= allowed
                ? Optional.empty()
                : Optional.of(held + " " + what + " would be held, " + allowed + " are allowed");
    }

    /** Charges memory that belongs to no lease, a pool. */
    public void charge(String tenant, long bytes) {
        pools.merge(tenant, bytes, Long::sum);
    }

    /** Takes such a charge back, once what has just ended is gone, as the kernel keeps its memory until then. */
    public void discharge(String tenant, long bytes) {
        if (ended.isEmpty()) {
            charge(tenant, -bytes);
        } else {
            returned.merge(tenant, bytes, Long::sum);
        }
    }

    /** Records a lease that was made. */
    public void add(Lease lease) {
        live.put(lease.id(), lease);
        audit.record(lease.audit(AuditEvent.Type.GRANT));
    }

    /**
     * Takes a lease back from whoever has its descriptors, frees what it held, and writes it down. In a jail, all that
     * follows the first step is for {@link #reap} or {@link #settle}.
     */
    public void end(Lease lease, EndReason reason, String why) {
        if (live.remove(lease.id()) == null) {
            return;
        }
        String text = reason.name().toLowerCase(java.util.Locale.ROOT);
        AuditEvent.Builder event = lease.audit(AuditEvent.Type.END).setReason(why.isEmpty() ? text : text + ": " + why);
        if (lease.made() instanceof Jailed jailed) {
            jailed.jail().shut();
            ended.add(new Ended(lease, jailed, Optional.of(event)));
        } else {
            lease.made().close();
            audit.record(event);
        }
    }

    /** Has what was made for a lease, which was never added, taken down like one that has ended. */
    public void discard(Lease lease) {
        if (lease.made() instanceof Jailed jailed) {
            ended.add(new Ended(lease, jailed, Optional.empty()));
        } else {
            lease.made().close();
        }
    }

    private Stream<Ended> unsettled() {
        return Stream.concat(ended.stream(), going.stream().flatMap(each -> each.all().stream()));
    }

    /**
     * Starts to take down what has ended, all in one go, and writes down what is gone by now.
     *
     * @param wake called by another thread once it is worth calling this again
     */
    public void reap(Runnable wake) {
        if (!ended.isEmpty()) {
            List<Ended> all = List.copyOf(ended);
            Map<String, Long> memory = Map.copyOf(returned);
            ended.clear();
            returned.clear();
            CompletableFuture<Void> done = maker.remove(
                            all.stream().map(Ended::jailed).toList())
                    .exceptionally(e -> {
                        LOG.error("leases that have ended still hold something", e);
                        return null;
                    });
            going.add(new Going(all, memory, done));
            CompletableFuture<Void> unused = done.thenRun(wake); // once it is done, so no call comes too early
        }
        going.removeIf(each -> each.done().isDone() && isGone(each));
    }

    private boolean isGone(Going each) {
        boolean gone = each.all().stream().map(Ended::jailed).allMatch(maker::isGone);
        if (gone) {
            each.memory().forEach((tenant, bytes) -> charge(tenant, -bytes));
            each.all().forEach(one -> one.event().ifPresent(audit::record));
        }
        return gone;
    }

    /** Waits until all that has ended is gone. */
    public void settle() {
        reap(() -> {});
        going.forEach(each -> each.done().join());
        reap(() -> {});
    }

    /** The same if any of it is {@code such}; returns whether it is. */
    public boolean settle(Predicate<Lease> such) {
        boolean any = unsettled().map(Ended::lease).anyMatch(such);
        if (any) {
            settle();
        }
        return any;
    }

    /** The live lease of that id. */
    public Optional<Lease> find(long id) {
        return Optional.ofNullable(live.get(id));
    }

    /** A snapshot, oldest first. */
    public List<Lease> all() {
        return new ArrayList<>(live.values());
    }

    /** How many are live. */
    public int size() {
        return live.size();
    }

    /** Ends all of {@code leases}. */
    public void endAll(Collection<Lease> leases, EndReason reason) {
        List.copyOf(leases).forEach(lease -> end(lease, reason, ""));
    }
}
