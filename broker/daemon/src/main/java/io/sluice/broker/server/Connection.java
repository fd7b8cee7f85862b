package io.sluice.broker.server;

import io.sluice.broker.kind.Pool;
import io.sluice.broker.lease.Holder;
import io.sluice.broker.lease.Lease;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One client: who it is, where it stands, what it holds. Mutable, owned by the broker's thread. */
final class Connection {
    /** A client has so long to greet, to finish a frame, to confirm, and to read a reply. */
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(5);
    /** An audit stream that lets so many bytes pile up is cut off. */
    static final int MAX_BACKLOG = 256 * 1024;

    final FrameChannel channel;
    final Fd pidfd;
    final PeerCredentials peer;
    final Table table;
    final List<Lease> leases = new ArrayList<>();
    Phase phase = Phase.GREETING;
    Holder holder;
    /** Under what its leases may be adopted when it is gone; empty: not at all. */
    String resume = "";

    Pool pool;
    long nonce;

    /** Descriptors that are sent and not confirmed, in phase CONFIRMING. */
    int inFlight;

    Consumer<AuditEvent> watcher;
    private long deadline;
    /** Whether the clock runs; when a client owes the next thing, this stops it, and the end of the turn restarts it. */
    boolean timed;

    /** @param pidfd of the peer, consumed */
    Connection(FrameChannel channel, Fd pidfd, PeerCredentials peer, Table table, String tenant) {
        this.channel = channel;
        this.pidfd = pidfd;
        this.peer = peer;
        this.table = table;
        this.holder = new Holder(tenant, peer, "");
    }

    /** Queues a reply; {@code fds} are consumed. */
    void reply(long id, Reply.Builder reply, List<Fd> fds) {
        channel.send(reply.setId(id).build().toByteArray(), fds);
    }

    void reply(long id, Reply.Builder reply) {
        reply(id, reply, List.of());
    }

    /** Starts, keeps or stops the clock: it runs while the client owes us something. */
    void checkClock(long now) {
        boolean idle = phase == Phase.READY || phase == Phase.STREAMING;
        boolean owes = !idle || channel.midFrame() || channel.queuedBytes() > 0;
        if (!owes) {
            timed = false;
        } else if (!timed) {
            timed = true;
            deadline = now + PATIENCE_NS;
        }
    }

    boolean isLate(long now) {
        return timed && now - deadline > 0;
    }

    /** Starts the clock of one that is gone. */
    void waitFor(int graceMs) {
        timed = true;
        deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMs);
    }

    /** Whether this one may adopt what {@code orphan} held: only if it could have held it as well. */
    boolean succeeds(Connection orphan) {
        return resume.equals(orphan.resume)
                && holder.tenant().equals(orphan.holder.tenant())
                && peer.uid() == orphan.peer.uid();
    }
}
