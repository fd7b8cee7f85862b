package io.sluice.broker.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.broker.BrokerVersion;
import io.sluice.broker.lease.Holder;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Tenant;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.*;
import io.sluice.grant.v1.Error;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker's one thread: accepts, reads, runs operations, writes, and notices who has gone. */
public final class Broker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
    private static final int VERSION = 1;
    private static final int MAX_CONNECTIONS = 1024;
    private static final Pattern NAME = Pattern.compile("[ -~]{0,64}");

    /** How often deadlines are looked at while any runs. */
    private static final int TICK_MS = 250;

    private final State state;
    private final List<Listener> listeners;
    private final Wakeup wakeup;
    private final AdminOperations admin;
    private final Operations operations;
    private final PollSet polls = new PollSet();

    Broker(State state, List<Listener> listeners, Wakeup wakeup) {
        this.state = state;
        this.listeners = listeners;
        this.wakeup = wakeup;
        this.admin = new AdminOperations(state);
        this.operations = new Operations(new TenantOperations(state), admin, this::hello);
    }

    /** Serves until {@link Wakeup#stop()}. */
    public void run() throws SyscallException {
        state.audit.record(AuditEvent.newBuilder()
                .setType(AuditEvent.Type.STARTED)
                .setReason(BrokerVersion.STRING + ", policy " + state.policy.source()));
        while (!wakeup.stopRequested()) {
            buildPolls();
            boolean timed =
                    !state.orphans.isEmpty() || state.connections.stream().anyMatch(any -> any.timed);
            polls.await(timed ? TICK_MS : -1);
            if (wakeup.takeReload()) {
                admin.reload();
            }
            long now = System.nanoTime();
            List.copyOf(state.connections).forEach(connection -> settle(connection, now));
            state.endOrphans(now);
            state.leases.reap(wakeup::signal);
        }
    }

    private void buildPolls() {
        polls.clear();
        polls.add(wakeup.fd().number(), false, wakeup::drain);
        if (!state.compiler.fd().isClosed()) {
            polls.add(state.compiler.fd().number(), false, admin::compiled);
        }
        for (Listener listener : listeners) { // first, so that who closes one connection can open another one
            polls.add(listener.socket().number(), false, () -> accept(listener));
        }
        for (Connection connection : state.connections) {
            // What is due is written before more is read: that bounds what a connection makes us keep.
            boolean write = connection.channel.queuedBytes() > 0;
            polls.add(connection.pidfd.number(), false, () -> drop(connection, EndReason.DIED, ""));
            polls.add(connection.channel.socket().number(), write, () -> read(connection));
        }
    }

    /** One a round, so that nobody who keeps connecting can hold up those who are connected. */
    private void accept(Listener listener) {
        try {
            Fd socket = listener.accept();
            if (socket != null) {
                admit(listener.table(), socket);
            }
        } catch (IOException e) {
            LOG.warn("a connection was not taken in: {}", e.getMessage());
        }
    }

    /** Takes a connection in, or refuses it by its credentials before a byte of it is read. */
    private void admit(Table table, Fd socket) throws IOException {
        try (Closer closer = new Closer()) {
            closer.add(socket);
            PeerCredentials peer = PeerCredentials.of(socket);
            Fd pidfd = closer.add(PeerCredentials.pidfd(socket));
            FrameChannel channel = new FrameChannel(socket, FrameChannel.MAX_REQUEST);
            Optional<Tenant> tenant = state.policy.tenantOf(peer);
            String name = table == Table.ADMIN ? "" : tenant.map(Tenant::name).orElse("");
            Connection connection = new Connection(channel, pidfd, peer, table, name);
            closer.release();
            state.connections.add(connection);
            refusal(connection, tenant).ifPresent(error -> refuse(connection, error));
        }
    }

    private Optional<Error> refusal(Connection connection, Optional<Tenant> tenant) {
        int uid = connection.peer.uid();
        if (connection.table == Table.ADMIN && !state.policy.isAdmin(connection.peer)) {
            return Optional.of(noAdmin(connection.peer));
        }
        if (connection.table == Table.TENANT && tenant.isEmpty()) {
            List<String> groups = connection.peer.groups().stream()
                    .map(Integer::toUnsignedString)
                    .toList();
            String who = Integer.toUnsignedString(uid) + " (groups " + groups + ")";
            String hint = "have the operator add a tenant with this identity and reload the policy";
            return Optional.of(Rejection.error(Error.Code.DENIED, "no tenant of the policy has uid " + who, hint));
        }
        long same = state.connections.stream()
                .filter(other -> other.peer.uid() == uid && other.table == connection.table)
                .count();
        int limit = tenant.map(Tenant::quota).map(Quota::connections).orElse(MAX_CONNECTIONS);
        if ((connection.table == Table.TENANT && same > limit) || state.connections.size() > MAX_CONNECTIONS) {
            String many = "uid " + uid + " has " + (same - 1) + " connections open";
            return Optional.of(Rejection.error(Error.Code.QUOTA, many, "close one"));
        }
        return Optional.empty();
    }

    private static Error noAdmin(PeerCredentials peer) {
        String who = "uid " + Integer.toUnsignedString(peer.uid());
        String hint = "add it to `admins` in the policy, or connect to the tenant socket";
        return Rejection.error(Error.Code.DENIED, who + " is no administrator", hint);
    }

    private void refuse(Connection connection, Error error) {
        state.audit.record(connection.holder.audit(AuditEvent.Type.DENY).setReason(error.getMessage()));
        close(connection, error);
    }

    /** Sends a last error; the connection ends once it is written, or after the deadline. */
    private static void close(Connection connection, Error error) {
        connection.reply(0, Reply.newBuilder().setError(error));
        connection.phase = Phase.CLOSING;
    }

    /** Takes one request at most, so that each connection has its turn. */
    private void read(Connection connection) {
        if (connection.channel.queuedBytes() > 0 || !state.connections.contains(connection)) {
            return; // woken to write, or dropped by an earlier handler of the same round
        }
        try {
            byte[] frame = connection.channel.receive();
            if (frame != null) {
                run(connection, Request.parseFrom(frame));
            }
        } catch (InvalidProtocolBufferException e) {
            misbehaved(connection, "a frame that is no Request: " + e.getMessage());
        } catch (ProtocolException e) {
            misbehaved(connection, e.getMessage());
        } catch (IOException e) { // the end, mostly
            drop(connection, EndReason.CLOSED, "");
        }
    }

    private void run(Connection connection, Request request) throws IOException {
        Error error;
        try {
            operations.run(connection, request);
            return;
        } catch (Rejection e) {
            error = e.error();
        } catch (SyscallException e) {
            error = Rejection.error(Error.Code.INTERNAL, e.getMessage(), "");
        }
        connection.reply(request.getId(), Reply.newBuilder().setError(error));
    }

    private void misbehaved(Connection connection, String what) {
        state.audit.record(
                connection.holder.audit(AuditEvent.Type.PROTOCOL_ERROR).setReason(what));
        connection.leases.forEach(lease -> state.leases.end(lease, offence(connection), ""));
        connection.leases.clear();
        close(connection, Rejection.error(Error.Code.PROTOCOL, what, "see docs/protocol.md"));
    }

    private static EndReason offence(Connection connection) {
        return connection.phase == Phase.CONFIRMING ? EndReason.UNCONFIRMED : EndReason.MISBEHAVED;
    }

    private Reply.Builder hello(Connection connection, Request request) throws ProtocolException {
        Hello hello = request.getHello();
        if (hello.getVersion() != VERSION) {
            throw new ProtocolException("protocol version " + hello.getVersion() + "; this broker speaks " + VERSION);
        }
        if (!NAME.matcher(hello.getClient()).matches()
                || !NAME.matcher(hello.getResume()).matches()) {
            throw new ProtocolException("a client name is at most 64 printable ASCII characters, and so is resume");
        }
        connection.holder = new Holder(connection.holder.tenant(), connection.peer, hello.getClient());
        connection.resume = hello.getResume();
        connection.phase = Phase.READY;
        return Reply.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setVersion(VERSION)
                        .setBrokerVersion(BrokerVersion.STRING)
                        .setTenant(connection.holder.tenant()));
    }

    /** After each round: write what is due, and part with who is finished or too late. */
    private void settle(Connection connection, long now) {
        if (!state.connections.contains(connection)) {
            return;
        }
        try {
            if (connection.channel.flush() && connection.phase == Phase.CLOSING) {
                drop(connection, EndReason.MISBEHAVED, "");
                return;
            }
        } catch (SyscallException e) {
            drop(connection, EndReason.CLOSED, "");
            return;
        }
        if (connection.table == Table.ADMIN
                && connection.phase != Phase.CLOSING
                && !state.policy.isAdmin(connection.peer)) {
            refuse(connection, noAdmin(connection.peer));
        }
        connection.checkClock(now);
        if (connection.isLate(now)) {
            drop(connection, offence(connection), "nothing came in time in phase " + connection.phase);
        } else if (connection.channel.queuedBytes() > Connection.MAX_BACKLOG && connection.phase == Phase.STREAMING) {
            drop(connection, EndReason.MISBEHAVED, "the audit stream is not read");
        }
    }

    private void drop(Connection connection, EndReason reason, String why) {
        if (!state.connections.remove(connection)) {
            return;
        }
        if (!why.isEmpty()) {
            LOG.info("{} pid {}: {}", connection.holder.tenant(), connection.peer.pid(), why);
        }
        state.part(connection, reason);
        if (connection.watcher != null) {
            state.audit.unwatch(connection.watcher);
        }
        connection.channel.close();
        connection.pidfd.close();
    }

    /** Ends every lease and connection and removes the sockets. */
    @Override
    public void close() {
        List.copyOf(state.connections).forEach(connection -> drop(connection, EndReason.SHUTDOWN, ""));
        state.orphans.forEach(orphan -> state.end(orphan, EndReason.SHUTDOWN, ""));
        state.leases.settle();
        listeners.forEach(Listener::close);
        state.compiler.close();
        state.maker.close();
        state.audit.record(AuditEvent.newBuilder().setType(AuditEvent.Type.STOPPED));
        wakeup.close();
    }
}
