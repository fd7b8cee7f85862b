package io.sluice.broker.server;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Leases;
import io.sluice.broker.lease.Maker;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.Tenant;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.LeaseEnded;
import io.sluice.grant.v1.Reply;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the broker knows, shared by its operations; owned by its one thread. */
final class State {
    final Compiler compiler;
    final Audit audit;
    final Leases leases;
    final Maker maker;
    final Set<Connection> connections = new LinkedHashSet<>();
    /** Connections that are gone, and whose leases wait to be adopted; the one that waits longest first. */
    final Set<Connection> orphans = new LinkedHashSet<>();

    final long startedMs = System.currentTimeMillis();
    Policy policy;
    long policyLoadedMs;

    State(Compiler compiler, Audit audit, Maker maker) throws IOException, Compiler.Refusal {
        this.compiler = compiler;
        this.audit = audit;
        this.maker = maker;
        this.leases = new Leases(audit, maker);
        enforce(compiler.first());
    }

    /** Puts a policy into force. */
    void enforce(Policy next) {
        policy = next;
        policyLoadedMs = System.currentTimeMillis();
    }

    /** Ends a lease for a reason that is not its holder's, and tells the holder. */
    void endAndTell(Lease lease, EndReason reason, String why) {
        leases.end(lease, reason, why);
        for (Connection connection : connections) {
            if (connection.leases.remove(lease)) {
                var notice = LeaseEnded.newBuilder().setLease(lease.id()).setReason(reason);
                connection.reply(0, Reply.newBuilder().setLeaseEnded(notice));
            }
        }
        orphans.forEach(orphan -> orphan.leases.remove(lease));
    }

    /** A connection is gone. What it held ends now, or is kept for a successor as long as the policy says. */
    void part(Connection connection, EndReason reason) {
        int graceMs =
                policy.tenant(connection.holder.tenant()).map(Tenant::graceMs).orElse(0);
        int descriptors = connection.leases.stream()
                .mapToInt(lease -> lease.made().fds().size())
                .sum();
        boolean kept = graceMs > 0
                && !connection.resume.isEmpty()
                && connection.phase == Phase.READY
                && (reason == EndReason.DIED || reason == EndReason.CLOSED)
                && descriptors > 0
                && descriptors < FrameChannel.MAX_FDS; // with that of the pool, what one reply can pass on
        if (!kept) {
            end(connection, reason, "");
            return;
        }
        connection.waitFor(graceMs);
        connection.leases.forEach(lease -> lease.made().activation().rejoin()); // who is gone can't end a detour
        orphans.add(connection);
        String text = "kept for " + graceMs + " ms";
        connection.leases.forEach(
                lease -> audit.record(lease.audit(AuditEvent.Type.ORPHANED).setReason(text)));
    }

    /** Ends what was not adopted in time, and what has no lease left that could be. */
    void endOrphans(long now) {
        for (Connection orphan : List.copyOf(orphans)) {
            if (orphan.isLate(now) || orphan.leases.isEmpty()) {
                orphans.remove(orphan);
                end(orphan, EndReason.DIED, "nobody adopted it in time");
            }
        }
    }

    /** Ends all that a connection holds. */
    void end(Connection connection, EndReason reason, String why) {
        connection.leases.forEach(lease -> leases.end(lease, reason, why));
        connection.leases.clear();
        if (connection.pool != null) {
            // The kernel has it mapped until then.
            leases.afterwards(() -> leases.charge(connection.holder.tenant(), -connection.pool.size()));
            connection.pool.close();
        }
    }
}
