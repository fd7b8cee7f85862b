package io.sluice.broker.jail;

import io.sluice.broker.kind.Made;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Lease;
import java.util.List;
import java.util.Map;

/** What was made in a jail: it works while the jail is open, and ends with it. */
public record Jailed(Made made, Jail jail) implements Made {
    @Override
    public void describe(Lease.Builder lease, int firstFd) {
        made.describe(lease, firstFd);
    }

    @Override
    public List<Fd> fds() {
        return made.fds();
    }

    @Override
    public void activate() throws SyscallException {
        made.activate();
        jail.open();
    }

    @Override
    public Map<String, Long> counters() throws SyscallException {
        return jail.counters();
    }

    /** Both directions end with the first step, before anything that takes time. */
    @Override
    public void close() {
        jail.shut();
        made.close();
        jail.close();
    }
}
