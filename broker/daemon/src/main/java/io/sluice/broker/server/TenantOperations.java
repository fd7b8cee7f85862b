package io.sluice.broker.server;

import com.google.protobuf.ByteString;
import io.sluice.broker.kind.Pool;
import io.sluice.broker.kind.XdpDevices.Share;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Maker;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Decision;
import io.sluice.broker.policy.Grant;
import io.sluice.broker.policy.OffloadRule;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Tenant;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Acquire;
import io.sluice.grant.v1.Acquired;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.Confirmed;
import io.sluice.grant.v1.Device;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.GrantList;
import io.sluice.grant.v1.GrantRequest;
import io.sluice.grant.v1.Offloaded;
import io.sluice.grant.v1.PoolLease;
import io.sluice.grant.v1.Released;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tenant table: what a worker may ask for. */
final class TenantOperations {
    private static final int PAGE = 4096;
    private static final int MAX_IN_FLIGHT = 256;
    private static final long MAX_POOL = 1L << 31; // what one ByteBuffer of a Java client can map, rounded up

    private final State state;
    private final SecureRandom random = new SecureRandom();

    TenantOperations(State state) {
        this.state = state;
    }

    Reply.Builder listGrants(Connection connection, Request request) throws Rejection {
        GrantList.Builder list = GrantList.newBuilder();
        tenant(connection).grants().stream().map(Grant::describe).forEach(list::addGrants);
        return Reply.newBuilder().setGrantList(list);
    }

    /** Makes everything or nothing: decide all, check the quota, then make one by one and undo if one fails. */
    Reply.Builder acquire(Connection connection, Request request) throws Rejection, SyscallException {
        Acquire acquire = request.getAcquire();
        Tenant tenant = tenant(connection);
        List<Order> orders = decideAll(connection, acquire.getGrantsList());
        long poolSize =
                acquire.hasPool() ? checkPool(connection, acquire.getPool().getSize()) : 0;
        checkQuota(connection, tenant.quota(), orders, poolSize);

        List<Lease> made = new ArrayList<>();
        List<Fd> copies = new ArrayList<>();
        try (Closer undo = new Closer()) {
            Acquired.Builder reply = Acquired.newBuilder();
            Pool pool = connection.pool;
            if (poolSize > 0) {
                pool = Pool.create(poolSize);
                undo.add(pool::close);
                copies.add(undo.add(pool.memory().duplicate()));
                reply.setPool(PoolLease.newBuilder().setFd(0).setSize(poolSize));
            }
            for (Order order : orders) {
                if (order.place() instanceof Place.Jail jail && state.leases.isGoing(jail)) {
                    state.leases.settle();
                }
                Maker.Result result = state.maker.make(order, pool);
                Lease lease = new Lease(
                        state.leases.nextId(), connection.holder, order, result.made(), System.currentTimeMillis());
                undo.add(() -> state.leases.discard(lease));
                made.add(lease);
                reply.addLeases(describe(lease, result, copies.size()));
                for (Fd fd : result.made().fds()) {
                    copies.add(undo.add(fd.duplicate()));
                }
            }
            if (copies.size() > FrameChannel.MAX_FDS) {
                throw new Rejection(
                        Error.Code.INVALID,
                        copies.size() + " descriptors; one reply carries " + FrameChannel.MAX_FDS,
                        "split the request");
            }
            checkInFlight(connection, copies.size());
            connection.inFlight = copies.size();
            connection.nonce = random.nextLong();
            connection.reply(request.getId(), Reply.newBuilder().setAcquired(reply.setNonce(connection.nonce)), copies);
            connection.pool = pool;
            undo.release();
        }
        state.leases.charge(tenant.name(), poolSize);
        made.forEach(state.leases::add);
        connection.leases.addAll(made);
        connection.phase = Phase.CONFIRMING;
        connection.timed = false;
        return null;
    }

    private static io.sluice.grant.v1.Lease describe(Lease lease, Maker.Result result, int firstFd) {
        var message = io.sluice.grant.v1.Lease.newBuilder()
                .setId(lease.id())
                .setGrant(lease.order().grant())
                .setDevice(Device.newBuilder()
                        .setName(result.device().name())
                        .setIfindex(result.device().ifindex())
                        .setMtu(result.device().mtu())
                        .setMac(ByteString.copyFrom(result.device().mac())));
        result.made().description().put(message, firstFd);
        return message.build();
    }

    private List<Order> decideAll(Connection connection, List<GrantRequest> requests) throws Rejection {
        List<Order> orders = new ArrayList<>();
        for (GrantRequest request : requests) {
            Decision decision = Decision.decide(state.policy, connection.peer, request);
            if (decision instanceof Decision.Deny deny) {
                denied(connection, request.getGrant(), deny.reason());
                throw new Rejection(deny.code(), deny.reason(), deny.hint());
            }
            orders.add(((Decision.Allow) decision).order());
        }
        return orders;
    }

    private static long checkPool(Connection connection, long size) throws Rejection {
        if (connection.pool != null) {
            throw new Rejection(
                    Error.Code.INVALID, "this connection has its pool already", "leave the pool out of the request");
        }
        if (size <= 0 || size > MAX_POOL || size % PAGE != 0) {
            throw new Rejection(
                    Error.Code.INVALID,
                    "a pool of " + Long.toUnsignedString(size) + " bytes",
                    "ask for a multiple of " + PAGE + ", at most " + MAX_POOL);
        }
        return size;
    }

    private void checkQuota(Connection connection, Quota quota, List<Order> orders, long pool) throws Rejection {
        String tenant = connection.holder.tenant();
        var over = state.leases.overQuota(tenant, quota, orders, pool);
        if (over.isPresent()) {
            state.leases.settle();
            over = state.leases.overQuota(tenant, quota, orders, pool);
        }
        if (over.isPresent()) {
            denied(connection, "", "quota: " + over.get());
            throw new Rejection(
                    Error.Code.QUOTA,
                    "tenant " + tenant + ": " + over.get(),
                    "release something, or have the operator raise the quota");
        }
    }

    /**
     * The kernel charges descriptors that are under way to our user, whoever lets them lie, and refuses more than
     * RLIMIT_NOFILE of them to all (unix(7), ETOOMANYREFS): so each peer has a small share of that.
     */
    private void checkInFlight(Connection connection, int more) throws Rejection {
        int waiting = state.connections.stream()
                .filter(other -> other.peer.uid() == connection.peer.uid() && other.phase == Phase.CONFIRMING)
                .mapToInt(other -> other.inFlight)
                .sum();
        if (waiting > 0 && waiting + more > MAX_IN_FLIGHT) {
            throw new Rejection(
                    Error.Code.BUSY,
                    waiting + " descriptors for uid " + connection.peer.uid() + " are not confirmed yet",
                    "confirm what was granted, then ask again");
        }
    }

    private void denied(Connection connection, String grant, String reason) {
        // The name comes from the client: bounded here, escaped by the JSON writer.
        String name = grant.length() > 64 ? grant.substring(0, 64) : grant;
        state.audit.record(
                connection.holder.audit(AuditEvent.Type.DENY).setGrant(name).setReason(reason));
    }

    /** The client has every descriptor: from now on they receive. */
    Reply.Builder confirm(Connection connection, Request request) throws IOException {
        if (request.getConfirm().getNonce() != connection.nonce) {
            throw new ProtocolException("confirm with a wrong nonce");
        }
        try {
            for (Lease lease : connection.leases) {
                lease.made().activate();
            }
        } catch (SyscallException e) {
            connection.leases.forEach(lease -> state.leases.end(lease, EndReason.UNCONFIRMED, ""));
            connection.leases.clear();
            throw e;
        } finally {
            connection.phase = Phase.READY;
        }
        return Reply.newBuilder().setConfirmed(Confirmed.getDefaultInstance());
    }

    Reply.Builder release(Connection connection, Request request) throws Rejection {
        Lease lease = held(connection, request.getRelease().getLease());
        connection.leases.remove(lease);
        state.leases.end(lease, EndReason.RELEASED, "");
        state.leases.settle();
        return Reply.newBuilder().setReleased(Released.getDefaultInstance());
    }

    /** Has the kernel forward between two leases, or no longer, and says what it has forwarded. */
    Reply.Builder offload(Connection connection, Request request) throws Rejection, SyscallException {
        Lease a = held(connection, request.getOffload().getA());
        Lease b = held(connection, request.getOffload().getB());
        Optional<Decision.Deny> refusal = OffloadRule.refusal(a.order(), b.order());
        if (refusal.isPresent()) {
            Decision.Deny deny = refusal.get();
            denied(connection, a.order().grant(), deny.reason());
            throw new Rejection(deny.code(), deny.reason(), deny.hint());
        }
        Share there = (Share) a.made().activation();
        Share back = (Share) b.made().activation();
        boolean on = request.getOffload().getOn();
        if (there.detour(back, on)) {
            String reason = (on ? "on" : "off") + ", with lease " + b.id();
            state.audit.record(a.audit(AuditEvent.Type.OFFLOAD).setReason(reason));
        }
        return Reply.newBuilder()
                .setOffloaded(Offloaded.newBuilder().setA(there.counters()).setB(back.counters()));
    }

    private static Lease held(Connection connection, long id) throws Rejection {
        return connection.leases.stream()
                .filter(lease -> lease.id() == id)
                .findFirst()
                .orElseThrow(() -> new Rejection(
                        Error.Code.NOT_FOUND, "this connection holds no lease " + Long.toUnsignedString(id), ""));
    }

    /** The peer's tenant in the policy of now; a reload may have taken it away. */
    private Tenant tenant(Connection connection) throws Rejection {
        return state.policy
                .tenantOf(connection.peer)
                .filter(tenant -> tenant.name().equals(connection.holder.tenant()))
                .orElseThrow(() -> new Rejection(
                        Error.Code.DENIED,
                        "the policy no longer has uid " + connection.peer.uid() + " as tenant "
                                + connection.holder.tenant(),
                        "connect again"));
    }
}
