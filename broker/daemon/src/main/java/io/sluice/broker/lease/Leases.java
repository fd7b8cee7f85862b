package io.sluice.broker.lease;

import io.sluice.broker.audit.Audit;
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

/** All live leases and what each tenant has used of its quota. */
public final class Leases {
    private final Map<Long, Lease> live = new LinkedHashMap<>();
    private final Map<String, Long> pools = new HashMap<>();
    private final Audit audit;
    private long lastId;

    public Leases(Audit audit) {
        this.audit = audit;
    }

    /** A number that no lease has had. */
    public long nextId() {
        return ++lastId;
    }

    /**
     * Whether {@code tenant} may have so much more.
     *
     * @param pool bytes of it
     * @return what the quota forbids, or empty
     */
    public Optional<String> overQuota(String tenant, Quota quota, List<Order> orders, long pool) {
        List<Order> all = new ArrayList<>(orders);
        live.values().stream()
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

    /** Charges memory that belongs to no lease, a pool; negative to give it back. */
    public void charge(String tenant, long bytes) {
        pools.merge(tenant, bytes, Long::sum);
    }

    /** Records a lease that was made. */
    public void add(Lease lease) {
        live.put(lease.id(), lease);
        audit.record(lease.audit(AuditEvent.Type.GRANT));
    }

    /** Takes a lease back from whoever has its descriptors, frees what it held, and writes it down. */
    public void end(Lease lease, EndReason reason, String why) {
        if (live.remove(lease.id()) == null) {
            return;
        }
        lease.made().close();
        String text = reason.name().toLowerCase(java.util.Locale.ROOT);
        audit.record(lease.audit(AuditEvent.Type.END).setReason(why.isEmpty() ? text : text + ": " + why));
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
