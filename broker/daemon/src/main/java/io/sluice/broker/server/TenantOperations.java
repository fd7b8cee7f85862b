package io.sluice.broker.server;

import com.google.protobuf.ByteString;
import io.sluice.broker.kind.Pool;
import io.sluice.broker.kind.XdpDevices.Share;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Decision;
import io.sluice.broker.policy.Grant;
import io.sluice.broker.policy.OffloadRule;
import io.sluice.broker.policy.Order;
import io.sluice.broker.policy.Place;
import io.sluice.broker.policy.PoolRule;
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
import io.sluice.grant.v1.Error.Code;
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
    private static final int MAX_IN_FLIGHT = 256;

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
        long poolSize = acquire.getPool().getSize();
        if (acquire.hasPool()) {
            String already = "this connection has its pool already";
            Rejection.unless(connection.pool == null, Code.INVALID, already, "leave the pool out of the request");
            Rejection.throwIf(PoolRule.refusal(poolSize));
        }
        checkQuota(connection, tenant.quota(), orders, poolSize);

        List<Lease> made = new ArrayList<>();
        try (Closer undo = new Closer()) {
            Pool pool = connection.pool;
            if (poolSize > 0) {
                pool = Pool.create(poolSize);
                undo.add(pool::close);
            }
            for (Order order : orders) {
                if (order.place() instanceof Place.Jail jail && state.leases.isGoing(jail)) {
                    state.leases.settle();
                }
                Lease lease = state.leases.lease(connection.holder, order, state.maker.make(order, pool));
                undo.add(() -> state.leases.discard(lease));
                made.add(lease);
            }
            pass(connection, request, poolSize > 0 ? pool : null, made);
            connection.pool = pool;
            undo.release();
        }
        state.leases.charge(tenant.name(), poolSize);
        made.forEach(state.leases::add);
        connection.leases.addAll(made);
        return null;
    }

    /** Passes on what a connection held that is gone, and that was of the same tenant, user and choice of words. */
    Reply.Builder adopt(Connection connection, Request request) throws Rejection, SyscallException {
        tenant(connection);
        boolean fresh = connection.pool == null && connection.leases.isEmpty();
        Rejection.unless(
                fresh, Code.INVALID, "this connection has something already", "adopt before it acquires anything");
        Connection orphan = state.orphans.stream()
                .filter(connection::succeeds)
                .findFirst()
                .orElseThrow(() -> new Rejection(Code.NOT_FOUND, "nothing waits to be adopted", "acquire anew"));
        pass(connection, request, orphan.pool, orphan.leases);
        state.orphans.remove(orphan);
        connection.pool = orphan.pool;
        orphan.leases.forEach(lease -> connection.leases.add(state.leases.adopt(lease, connection.holder)));
        return null;
    }

    /** Sends copies of all descriptors of {@code leases} and, unless null, {@code pool}. */
    private void pass(Connection connection, Request request, Pool pool, List<Lease> leases)
            throws Rejection, SyscallException {
        Acquired.Builder reply = Acquired.newBuilder();
        List<Fd> copies = new ArrayList<>();
        try (Closer undo = new Closer()) {
            if (pool != null) {
                copies.add(undo.add(pool.memory().duplicate()));
                reply.setPool(PoolLease.newBuilder().setFd(0).setSize(pool.size()));
            }
            for (Lease lease : leases) {
                reply.addLeases(describe(lease, copies.size()));
                for (Fd fd : lease.made().fds()) {
                    copies.add(undo.add(fd.duplicate()));
                }
            }
            String many = copies.size() + " descriptors; one reply carries " + FrameChannel.MAX_FDS;
            Rejection.unless(copies.size() <= FrameChannel.MAX_FDS, Code.INVALID, many, "split the request");
            checkInFlight(connection, copies.size());
            connection.inFlight = copies.size();
            connection.nonce = random.nextLong();
            connection.reply(request.getId(), Reply.newBuilder().setAcquired(reply.setNonce(connection.nonce)), copies);
            undo.release();
        }
        connection.phase = Phase.CONFIRMING;
        connection.timed = false;
    }

    private static io.sluice.grant.v1.Lease describe(Lease lease, int firstFd) {
        io.sluice.broker.sys.Device device = lease.device();
        var message = io.sluice.grant.v1.Lease.newBuilder()
                .setId(lease.id())
                .setGrant(lease.order().grant())
                .setDevice(Device.newBuilder()
                        .setName(device.name())
                        .setIfindex(device.ifindex())
                        .setMtu(device.mtu())
                        .setMac(ByteString.copyFrom(device.mac())));
        lease.made().description().put(message, firstFd);
        return message.build();
    }

    private List<Order> decideAll(Connection connection, List<GrantRequest> requests) throws Rejection {
        List<Order> orders = new ArrayList<>();
        for (GrantRequest request : requests) {
            Decision decision = Decision.decide(state.policy, connection.peer, request);
            if (decision instanceof Decision.Deny deny) {
                throw denied(connection, request.getGrant(), deny);
            }
            orders.add(((Decision.Allow) decision).order());
        }
        return orders;
    }

    private void checkQuota(Connection connection, Quota quota, List<Order> orders, long pool) throws Rejection {
        String tenant = connection.holder.tenant();
        var over = state.leases.overQuota(tenant, quota, orders, pool);
        if (over.isPresent()) {
            state.leases.settle();
            over = state.leases.overQuota(tenant, quota, orders, pool);
        }
        if (over.isPresent()) {
            audit(connection, "", "quota: " + over.get());
            String hint = "release something, or have the operator raise the quota";
            throw new Rejection(Code.QUOTA, "tenant " + tenant + ": " + over.get(), hint);
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
        String unconfirmed = waiting + " descriptors for uid " + connection.peer.uid() + " are not confirmed yet";
        boolean few = waiting == 0 || waiting + more <= MAX_IN_FLIGHT;
        Rejection.unless(few, Code.BUSY, unconfirmed, "confirm what was granted, then ask again");
    }

    private Rejection denied(Connection connection, String grant, Decision.Deny deny) {
        audit(connection, grant, deny.reason());
        return new Rejection(deny);
    }

    private void audit(Connection connection, String grant, String reason) {
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
            throw denied(connection, a.order().grant(), refusal.get());
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
                        Code.NOT_FOUND, "this connection holds no lease " + Long.toUnsignedString(id), ""));
    }

    /** The peer's tenant in the policy of now; a reload may have taken it away. */
    private Tenant tenant(Connection connection) throws Rejection {
        String name = connection.holder.tenant();
        String gone = "the policy no longer has uid " + connection.peer.uid() + " as tenant " + name;
        return state.policy
                .tenantOf(connection.peer)
                .filter(tenant -> tenant.name().equals(name))
                .orElseThrow(() -> new Rejection(Code.DENIED, gone, "connect again"));
    }
}
