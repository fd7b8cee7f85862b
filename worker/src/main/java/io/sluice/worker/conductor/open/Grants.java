package io.sluice.worker.conductor.open;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.worker.conductor.ConductorException;
import java.util.List;

/** What openers want of the broker. */
public interface Grants {
    /** The tenant that the broker sees in us. */
    String tenant();

    /** What the policy has for this tenant. */
    List<GrantInfo> grants() throws ConductorException;

    /** Asks for one lease. The caller owns its descriptors. */
    BrokerClient.Acquisition acquire(GrantRequest request) throws ConductorException;

    /**
     * If what is acquired was left by a predecessor: under which numbers the frame pool notes the frames of its queues.
     */
    default List<Integer> holders() {
        return List.of();
    }

    /** Gives a lease back; if the broker is gone, so is the lease. */
    void release(long lease);
}
