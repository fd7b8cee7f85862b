package io.sluice.broker.kind;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Lease;
import java.util.List;
import java.util.Map;

/**
 * The kernel objects behind one lease. Inert when made: nothing is received before {@link #activate()}. Closing it takes
 * reception away from whoever holds the descriptors by then, and frees what the broker holds.
 */
public interface Made extends AutoCloseable {
    /** Fills in the kind's part of the reply; descriptor indices count from {@code firstFd}. */
    void describe(Lease.Builder lease, int firstFd);

    /** What to pass, borrowed, in the order that {@link #describe} refers to. */
    List<Fd> fds();

    /** Starts reception. Called once the client has confirmed that every descriptor arrived. */
    void activate() throws SyscallException;

    /** What has been counted about it, by name; nothing if nothing is. */
    default Map<String, Long> counters() throws SyscallException {
        return Map.of();
    }

    @Override
    void close();
}
