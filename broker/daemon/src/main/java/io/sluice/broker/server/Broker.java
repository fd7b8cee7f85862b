package io.sluice.broker.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.broker.BrokerVersion;
import io.sluice.broker.audit.Audit;
import io.sluice.broker.jail.Jails;
import io.sluice.broker.lease.Holder;
import io.sluice.broker.lease.Maker;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Quota;
import io.sluice.broker.policy.Tenant;
import io.sluice.grant.channel.FrameChannel;
import io.sluice.grant.channel.PeerCredentials;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.Closer;
import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error.Code;
import io.sluice.grant.v1.Hello;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Welcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private Broker(State state, List<Listener> listeners, Wakeup wakeup) {
        this.state = state;
        this.listeners = listeners;
        this.wakeup = wakeup;
        this.admin = new AdminOperations(state);
        this.operations = new Operations(new TenantOperations(state), admin, this::hello);
    }

    /**
     * Listens and waits for the policy. Nothing is served before {@link #run()}.
     *
     * @param compiler consumed
     * @throws Compiler.Refusal the policy is broken
     * @throws IOException a file can't be read or a socket can't be bound
     */
    public static Broker listening(Compiler compiler, Path socket, Path adminSocket, PrintStream audit, Wakeup wakeup)
            throws IOException, Compiler.Refusal {
        List<Listener> listeners = new ArrayList<>();
        try (Closer closer = new Closer()) {
            closer.add(compiler::close);
            for (Table table : Table.values()) {
                Listener listener = Listener.open(table == Table.TENANT ? socket : adminSocket, table);
                closer.add(listener::close);
                listeners.add(listener);
            }
            // Only now: whoever listens here alone may take away what a predecessor left.
            Maker maker = new Maker(new Jails(adminSocket.toAbsolutePath().toString()));
            closer.add(maker::close);
            State state = new State(compiler, new Audit(audit), maker);
            closer.release();
            return new Broker(state, listeners, wakeup);
        }
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
            refuseUnless(connection, () -> check(connection, tenant));
        }
    }

    private interface Check {
        void run() throws Rejection;
    }

    private void refuseUnless(Connection connection, Check check) {
        try {
            check.run();
        } catch (Rejection e) {
            state.audit.record(connection.holder.audit(AuditEvent.Type.DENY).setReason(e.getMessage()));
            close(connection, e);
        }
    }

    /** Throws unless the peer may be there. */
    private void check(Connection connection, Optional<Tenant> tenant) throws Rejection {
        checkAdmin(connection);
        boolean admin = connection.table == Table.ADMIN;
        List<String> groups =
                connection.peer.groups().stream().map(Integer::toUnsignedString).toList();
        String who = uid(connection) + " (groups " + groups + ")";
        String hint = "have the operator add a tenant with this identity and reload the policy";
        Rejection.unless(admin || tenant.isPresent(), Code.DENIED, "no tenant of the policy has " + who, hint);
        long same = state.connections.stream()
                .filter(other -> other.peer.uid() == connection.peer.uid() && other.table == connection.table)
                .count();
        int limit = tenant.map(Tenant::quota).map(Quota::connections).orElse(MAX_CONNECTIONS);
        boolean few = (admin || same <= limit) && state.connections.size() <= MAX_CONNECTIONS;
        String many = uid(connection) + " has " + (same - 1) + " connections open";
        Rejection.unless(few, Code.QUOTA, many, "close one");
    }

    private void checkAdmin(Connection connection) throws Rejection {
        boolean may = connection.table != Table.ADMIN || state.policy.isAdmin(connection.peer);
        String hint = "add it to `admins` in the policy, or connect to the tenant socket";
        Rejection.unless(may, Code.DENIED, uid(connection) + " is no administrator", hint);
    }

    private static String uid(Connection connection) {
        return "uid " + Integer.toUnsignedString(connection.peer.uid());
    }

    /** Sends a last error; the connection ends once it is written, or after the deadline. */
    private static void close(Connection connection, Rejection why) {
        connection.reply(0, Reply.newBuilder().setError(why.error()));
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
        Rejection refusal;
        try {
            operations.run(connection, request);
            return;
        } catch (Rejection e) {
            refusal = e;
        } catch (SyscallException e) {
            refusal = new Rejection(Code.INTERNAL, e.getMessage(), "");
        }
        connection.reply(request.getId(), Reply.newBuilder().setError(refusal.error()));
    }

    private void misbehaved(Connection connection, String what) {
        state.audit.record(
                connection.holder.audit(AuditEvent.Type.PROTOCOL_ERROR).setReason(what));
        connection.leases.forEach(lease -> state.leases.end(lease, offence(connection), ""));
        connection.leases.clear();
        close(connection, new Rejection(Code.PROTOCOL, what, "see docs/protocol.md"));
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
        if (connection.phase != Phase.CLOSING) {
            refuseUnless(connection, () -> checkAdmin(connection));
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
