package io.sluice.broker.kind;

import io.sluice.broker.jail.Jail;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Lease;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kernel objects behind one lease. Inert when made: nothing is received before {@link #activate()}. Closing it takes
 * reception away from whoever holds the descriptors by then, and frees what the broker holds.
 *
 * @param fds what to pass, borrowed, in the order that {@code description} refers to
 * @param description fills in the kind's part of the reply; descriptor indices count from the number that it is given
 * @param activation starts reception; of xdp, its {@link XdpDevices.Share}
 * @param owned closed with this; what ends reception was added last, so that it comes first
 * @param jail where all of it is, if anywhere: it works while the jail is open, and ends with it
 */
public record Made(List<Fd> fds, Description description, Activation activation, Closer owned, Optional<Jail> jail)
        implements AutoCloseable {
    /** Tells a client what it got. */
    public interface Description {
        /** @param firstFd index of the first descriptor in the reply */
        void put(Lease.Builder lease, int firstFd);
    }

    /** Starts reception. */
    public interface Activation {
        void run() throws SyscallException;

        /** Nobody is there to take back what was asked for beside. */
        default void rejoin() {}
    }

    Made(List<Fd> fds, Description description, Activation activation, Closer owned) {
        this(List.copyOf(fds), description, activation, owned, Optional.empty());
    }

    /** The same, made in a jail, which it owns from now on. */
    public Made in(Jail made) {
        return new Made(fds, description, activation, owned, Optional.of(made));
    }

    /** Starts reception. Called once the client has confirmed that every descriptor arrived. */
    public void activate() throws SyscallException {
        activation.run();
        if (jail.isPresent()) {
            jail.get().state().gate().open();
        }
    }

    /** What has been counted about it, by name; nothing if nothing is. */
    public Map<String, Long> counters() throws SyscallException {
        return jail.isPresent() ? jail.get().state().read() : Map.of();
    }

    /** Ends both directions of a jail at once. */
    public void shut() {
        jail.ifPresent(there -> there.state().gate().shut());
    }

    /** A jail is shut with the first step, before anything that takes time. */
    @Override
    public void close() {
        shut();
        owned.close();
        jail.ifPresent(Jail::close);
    }
}
