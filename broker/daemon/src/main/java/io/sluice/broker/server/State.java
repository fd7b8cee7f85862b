package io.sluice.broker.server;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Leases;
import io.sluice.broker.lease.Maker;
import io.sluice.broker.policy.Policy;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.LeaseEnded;
import io.sluice.grant.v1.Reply;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/** What the broker knows, shared by its operations; owned by its one thread. */
final class State {
    final Compiler compiler;
    final Audit audit;
    final Leases leases;
    final Maker maker;
    final Set<Connection> connections = new LinkedHashSet<>();
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
                LeaseEnded.Builder notice =
                        LeaseEnded.newBuilder().setLease(lease.id()).setReason(reason);
                connection.reply(0, Reply.newBuilder().setLeaseEnded(notice));
            }
        }
    }
}
