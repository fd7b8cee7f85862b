package io.sluice.worker.conductor;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.open.Grants;
import java.util.List;

/**
 * The broker's grants for one port, which gets the lease that its predecessor left instead of a new one.
 *
 * @param broker what all the rest is asked of
 * @param left the lease and its descriptors, which whoever acquires it owns
 * @param holders see {@link Remembered}
 */
record InheritedGrant(Grants broker, BrokerClient.Acquisition left, List<Integer> holders) implements Grants {
    @Override
    public String tenant() {
        return broker.tenant();
    }

    @Override
    public List<GrantInfo> grants() throws ConductorException {
        return broker.grants();
    }

    @Override
    public BrokerClient.Acquisition acquire(GrantRequest request) throws ConductorException {
        String grant = left.reply().getLeases(0).getGrant();
        if (!grant.equals(request.getGrant())) {
            throw new ConductorException(
                    Kind.REFUSED, "the lease that was left is of grant " + grant + ", not " + request.getGrant());
        }
        return left;
    }

    @Override
    public List<Integer> holders() {
        return holders;
    }

    /** Gives the lease back if no port has come of it, so that it can be acquired anew. */
    void closeUnlessUsed(boolean used) {
        if (!used) {
            left.fds().forEach(Fd::close);
            release(left.reply().getLeases(0).getId());
        }
    }

    @Override
    public void release(long lease) {
        broker.release(lease);
    }
}
