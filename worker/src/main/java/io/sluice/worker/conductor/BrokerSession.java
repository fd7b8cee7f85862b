package io.sluice.worker.conductor;

import io.sluice.grant.client.BrokerClient;
import io.sluice.grant.client.RefusedException;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.GrantInfo;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.ListGrants;
import io.sluice.grant.v1.Offload;
import io.sluice.grant.v1.Offloaded;
import io.sluice.grant.v1.PoolRequest;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.worker.conductor.ConductorException.Kind;
import io.sluice.worker.conductor.open.Grants;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.sys.Mapping;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to the broker and the frame memory that came with it. What it brought ends with it. */
final class BrokerSession implements Grants, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerSession.class);

    private final BrokerClient client;
    private final List<FramePool> pools;
    private final Estate estate;

    private BrokerSession(BrokerClient client, List<FramePool> pools, Estate estate) {
        this.client = client;
        this.pools = pools;
        this.estate = estate;
    }

    /**
     * Connects, and adopts what a predecessor left or, if there is nothing, asks for a pool.
     *
     * @param resume what the predecessor said too; empty: there is none, nor a successor
     * @param adopts whether to go on with what was left; otherwise it is released
     * @param notices called in another thread when a lease ends
     * @param ended called in another thread when the connection ends
     */
    static BrokerSession open(
            Path socket,
            String name,
            PoolPlan plan,
            String resume,
            boolean adopts,
            Consumer<Reply> notices,
            Consumer<IOException> ended)
            throws IOException {
        BrokerClient client = BrokerClient.connect(socket, name, resume, notices, ended);
        try {
            Optional<BrokerClient.Acquisition> left = resume.isEmpty() ? Optional.empty() : client.adopt();
            if (left.isPresent()) {
                Estate estate = new Estate(left.get());
                try (Fd memory = left.get().fds().get(0)) {
                    if (adopts) {
                        return new BrokerSession(client, plan.left(memory, left.get()), estate);
                    }
                } catch (IOException e) {
                    LOG.warn("what the worker before this one left is not taken over: {}", e.getMessage());
                }
                new BrokerSession(client, List.of(), estate).forsake();
                client.close(); // the pool goes with the connection, whose leases have all ended
                return open(socket, name, plan, resume, adopts, notices, ended);
            }
            BrokerClient.Acquisition acquired = client.acquire(Acquire.newBuilder()
                    .setPool(PoolRequest.newBuilder().setSize(plan.size()))
                    .build());
            try (Fd memory = acquired.fds().get(0)) {
                return new BrokerSession(client, plan.map(memory), new Estate());
            }
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** The frame pools, one for each data-path thread, which closes it. */
    List<FramePool> pools() {
        return pools;
    }

    /**
     * The grants for a port that had this lease.
     *
     * @return empty: it was not left, or can't be taken over
     */
    Optional<InheritedGrant> left(long lease, List<Integer> holders) {
        return estate.take(lease).map(there -> new InheritedGrant(this, there, holders));
    }

    /** Gives back what was left and nobody has taken. */
    void forsake() {
        estate.rest().forEach(this::release);
    }

    @Override
    public String tenant() {
        return client.welcome().getTenant();
    }

    @Override
    public List<GrantInfo> grants() throws ConductorException {
        try {
            return client.call(Request.newBuilder().setListGrants(ListGrants.getDefaultInstance()))
                    .getGrantList()
                    .getGrantsList();
        } catch (IOException e) {
            throw translated(e);
        }
    }

    @Override
    public BrokerClient.Acquisition acquire(GrantRequest request) throws ConductorException {
        try {
            return client.acquire(Acquire.newBuilder().addGrants(request).build());
        } catch (IOException e) {
            throw translated(e);
        }
    }

    @Override
    public void release(long lease) {
        try {
            client.release(lease);
        } catch (IOException e) {
            // Revoked meanwhile, or the connection is gone: either way there is nothing left to release.
        }
    }

    /**
     * Has the kernel forward between two xdp leases, or no longer, and tells what it has forwarded. Asking for what is so
     * already does only the latter.
     */
    Offloaded offload(long a, long b, boolean on) throws ConductorException {
        Offload offload = Offload.newBuilder().setA(a).setB(b).setOn(on).build();
        try {
            return client.call(Request.newBuilder().setOffload(offload)).getOffloaded();
        } catch (IOException e) {
            throw translated(e);
        }
    }

    private static ConductorException translated(IOException e) {
        if (e instanceof RefusedException refused) {
            String message = "the broker refuses: " + refused.getMessage()
                    + (refused.hint().isEmpty() ? "" : "; " + refused.hint());
            Kind kind = switch (refused.code()) {
                case NOT_FOUND -> Kind.NOT_FOUND;
                case DENIED -> Kind.DENIED;
                case QUOTA -> Kind.EXHAUSTED;
                case INVALID -> Kind.INVALID;
                case CODE_UNSPECIFIED, PROTOCOL, BUSY, UNSUPPORTED, INTERNAL, UNRECOGNIZED -> Kind.REFUSED;
            };
            return new ConductorException(kind, message, e);
        }
        return new ConductorException(Kind.UNAVAILABLE, e.getMessage(), e);
    }

    @Override
    public void close() {
        client.close();
    }

    /** How the frame memory is to be cut, in all and between how many threads. */
    record PoolPlan(int frameSize, int frames, int largeFrames, int threads) {
        private static final int PAGE = 4096;

        /** Bytes, a multiple of the page size. */
        long size() {
            long bytes = FramePool.sizeOf(frameSize, frames, largeFrames);
            return (bytes + PAGE - 1) / PAGE * PAGE;
        }

        /**
         * Maps the memory that a predecessor left, which is borrowed.
         *
         * @throws IOException it is none of this plan
         */
        List<FramePool> left(Fd memory, BrokerClient.Acquisition left) throws IOException {
            long there = left.reply().getPool().getSize();
            if (there != size()) {
                throw new IOException("its frame pool has " + there + " bytes, and " + size() + " are wanted: "
                        + "--frames, --frame-size and --large-frames have to be the same");
            }
            Mapping mapping = Mapping.of(memory, 0, (int) size(), "frame pool");
            try {
                return FramePool.left(mapping, frameSize, frames, largeFrames, threads);
            } catch (IllegalArgumentException e) {
                mapping.close();
                throw new IOException(e.getMessage(), e);
            }
        }

        /** Maps {@code memory}, which is borrowed. */
        List<FramePool> map(Fd memory) throws IOException {
            Mapping mapping = Mapping.of(memory, 0, (int) size(), "frame pool");
            return FramePool.cut(mapping, frameSize, frames, largeFrames, threads);
        }
    }
}
