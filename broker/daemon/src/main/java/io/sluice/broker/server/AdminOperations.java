package io.sluice.broker.server;

import io.sluice.broker.BrokerVersion;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Policy;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.Counter;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error;
import io.sluice.grant.v1.LeaseInfo;
import io.sluice.grant.v1.LeaseList;
import io.sluice.grant.v1.PolicyReloaded;
import io.sluice.grant.v1.PolicyText;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Revoked;
import io.sluice.grant.v1.Status;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The admin table: what the gateway may ask for on behalf of an operator. */
final class AdminOperations {
    private static final int MAX_WHY = 200;

    /** Ends a lease and sends its holder a notice. */
    interface Ender {
        void end(Lease lease, EndReason reason, String why);
    }

    private static final Logger LOG = LoggerFactory.getLogger(AdminOperations.class);

    private final State state;
    private final Ender ender;
    /** Who waits for the compiler, in the order of the questions, which is that of the answers. */
    private final Queue<Consumer<Reply.Builder>> asked = new ArrayDeque<>();

    AdminOperations(State state, Ender ender) {
        this.state = state;
        this.ender = ender;
    }

    void getStatus(Connection connection, Request request) {
        connection.reply(
                request.getId(),
                Reply.newBuilder()
                        .setStatus(Status.newBuilder()
                                .setVersion(BrokerVersion.STRING)
                                .setPid((int) ProcessHandle.current().pid())
                                .setStartedMs(state.startedMs)
                                .setConnections(state.connections.size())
                                .setLeases(state.leases.all().size())
                                .setPolicyPath(state.policy.source())
                                .setPolicyLoadedMs(state.policyLoadedMs)));
    }

    void listLeases(Connection connection, Request request) {
        LeaseList.Builder list = LeaseList.newBuilder();
        state.leases.counted().forEach(lease -> list.addLeases(lease.info()));
        connection.reply(request.getId(), Reply.newBuilder().setLeaseList(list));
    }

    void showLease(Connection connection, Request request) throws Rejection {
        Lease lease = find(request.getShowLease().getLease());
        LeaseInfo.Builder info = lease.info().toBuilder();
        try {
            lease.made()
                    .counters()
                    .forEach((name, value) ->
                            info.addCounters(Counter.newBuilder().setName(name).setValue(value)));
        } catch (SyscallException e) {
            throw new Rejection(Error.Code.INTERNAL, e.getMessage(), "");
        }
        connection.reply(request.getId(), Reply.newBuilder().setLeaseInfo(info));
    }

    void revoke(Connection connection, Request request) throws Rejection {
        long id = request.getRevoke().getLease();
        if (request.getRevoke().getWhy().length() > MAX_WHY) {
            throw new Rejection(Error.Code.INVALID, "a reason of more than " + MAX_WHY + " characters", "");
        }
        Lease lease = find(id);
        String why = request.getRevoke().getWhy();
        ender.end(lease, EndReason.REVOKED, "by uid " + connection.peer.uid() + (why.isEmpty() ? "" : ": " + why));
        state.leases.settle();
        connection.reply(request.getId(), Reply.newBuilder().setRevoked(Revoked.getDefaultInstance()));
    }

    private Lease find(long id) throws Rejection {
        return state.leases
                .find(id)
                .orElseThrow(() -> new Rejection(
                        Error.Code.NOT_FOUND,
                        "there is no lease " + Long.toUnsignedString(id),
                        "`sluice lease ls` lists them"));
    }

    void showPolicy(Connection connection, Request request) {
        connection.reply(
                request.getId(),
                Reply.newBuilder()
                        .setPolicyText(PolicyText.newBuilder()
                                .setPath(state.policy.source())
                                .setText(state.policy.text())
                                .setLoadedMs(state.policyLoadedMs)));
    }

    /** Answered once the compiler has: see {@link #compiled}. */
    void reloadPolicy(Connection connection, Request request) throws Rejection {
        try {
            state.compiler.ask();
            asked.add(reply -> {
                if (state.connections.contains(connection)) {
                    connection.reply(request.getId(), reply);
                }
            });
        } catch (SyscallException e) {
            throw new Rejection(Error.Code.INTERNAL, e.getMessage(), "restart the broker");
        }
    }

    /** The same for a signal, which nobody answers. */
    void reload() {
        try {
            state.compiler.ask();
            asked.add(reply -> {});
        } catch (SyscallException e) {
            LOG.error("policy not reloaded: {}", e.getMessage());
        }
    }

    /**
     * The compiler has said something. A policy comes into force, and the leases that it no longer allows as they are end;
     * a refusal changes nothing.
     */
    void compiled() throws IOException {
        try {
            Policy policy = state.compiler.receive();
            if (policy != null) {
                state.enforce(policy);
                state.audit.record(AuditEvent.newBuilder()
                        .setType(AuditEvent.Type.POLICY_LOADED)
                        .setReason(policy.source()));
                LOG.info("policy reloaded from {}", policy.source());
                PolicyReloaded.Builder reloaded = PolicyReloaded.newBuilder().addAllEnded(endDisallowed());
                answer(Reply.newBuilder().setPolicyReloaded(reloaded));
            }
        } catch (Compiler.Refusal e) {
            state.audit.record(AuditEvent.newBuilder()
                    .setType(AuditEvent.Type.POLICY_REFUSED)
                    .setReason(e.getMessage()));
            LOG.error("policy not reloaded, nothing has changed:\n{}", e.getMessage());
            String hint = "nothing has changed; correct the file and try again";
            refuse(Error.Code.INVALID, e.getMessage(), hint);
        }
    }

    /** The compiler is gone, and what it was asked for will not come. */
    void compilerGone(IOException why) {
        LOG.error("the policy stays as it is: {}", why.getMessage());
        while (!asked.isEmpty()) {
            refuse(Error.Code.INTERNAL, why.getMessage(), "the policy in force stays");
        }
    }

    private void refuse(Error.Code code, String message, String hint) {
        answer(Reply.newBuilder().setError(Rejection.error(code, message, hint)));
    }

    private void answer(Reply.Builder reply) {
        if (!asked.isEmpty()) {
            asked.poll().accept(reply);
        }
    }

    private List<Long> endDisallowed() {
        List<Long> ended = new ArrayList<>();
        for (Lease lease : state.leases.all()) {
            if (!state.policy.allows(lease.holder().peer(), lease.holder().tenant(), lease.order())) {
                ender.end(lease, EndReason.POLICY, "");
                ended.add(lease.id());
            }
        }
        state.leases.settle();
        return ended;
    }

    void watchAudit(Connection connection, Request request) {
        connection.phase = Phase.STREAMING;
        connection.watcher =
                event -> connection.reply(request.getId(), Reply.newBuilder().setAuditEvent(event));
        state.audit.watch(connection.watcher);
    }
}
