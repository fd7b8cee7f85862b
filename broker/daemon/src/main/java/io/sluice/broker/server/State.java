package io.sluice.broker.server;

import io.sluice.broker.audit.Audit;
import io.sluice.broker.lease.Leases;
import io.sluice.broker.lease.Maker;
import io.sluice.broker.policy.Identities;
import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.PolicyException;
import io.sluice.broker.policy.PolicyLoader;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/** What the broker knows, shared by its operations; owned by its one thread. */
final class State {
    final Path policyFile;
    final Audit audit;
    final Leases leases;
    final Maker maker;
    final Set<Connection> connections = new LinkedHashSet<>();
    final long startedMs = System.currentTimeMillis();
    private final Identities identities;
    Policy policy;
    long policyLoadedMs;

    State(Path policyFile, Identities identities, Audit audit, Maker maker) throws PolicyException {
        this.policyFile = policyFile;
        this.identities = identities;
        this.audit = audit;
        this.maker = maker;
        this.leases = new Leases(audit, maker);
        loadPolicy();
    }

    /** Puts the policy file into force; if it is broken nothing changes. */
    void loadPolicy() throws PolicyException {
        policy = PolicyLoader.load(policyFile, identities);
        policyLoadedMs = System.currentTimeMillis();
    }
}
