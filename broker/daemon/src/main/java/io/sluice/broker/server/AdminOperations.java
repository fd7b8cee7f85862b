package io.sluice.broker.server;

import io.sluice.broker.BrokerVersion;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.Policy;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.AuditEvent;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Error.Code;
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

    private static final Logger LOG = LoggerFactory.getLogger(AdminOperations.class);

    private final State state;
    /** Who waits for the compiler, in the order of the questions, which is that of the answers. */
    private final Queue<Consumer<Reply.Builder>> asked = new ArrayDeque<>();

    AdminOperations(State state) {
        this.state = state;
    }

    Reply.Builder getStatus(Connection connection, Request request) {
        return Reply.newBuilder()
                .setStatus(Status.newBuilder()
                        .setVersion(BrokerVersion.STRING)
                        .setPid((int) ProcessHandle.current().pid())
                        .setStartedMs(state.startedMs)
                        .setConnections(state.connections.size())
                        .setLeases(state.leases.all().size())
                        .setPolicyPath(state.policy.source())
                        .setPolicyLoadedMs(state.policyLoadedMs));
    }

    Reply.Builder listLeases(Connection connection, Request request) {
        LeaseList.Builder list = LeaseList.newBuilder();
        state.leases.counted().map(this::info).forEach(list::addLeases);
        return Reply.newBuilder().setLeaseList(list);
    }

    Reply.Builder showLease(Connection connection, Request request) throws Rejection, SyscallException {
        Lease lease = find(request.getShowLease().getLease());
        LeaseInfo.Builder info = info(lease);
        for (var counter : lease.made().counters().entrySet()) {
            info.addCountersBuilder().setName(counter.getKey()).setValue(counter.getValue());
        }
        return Reply.newBuilder().setLeaseInfo(info);
    }

    private LeaseInfo.Builder info(Lease lease) {
        return lease.info().setWaiting(state.orphans.stream().anyMatch(orphan -> orphan.leases.contains(lease)));
    }

    Reply.Builder revoke(Connection connection, Request request) throws Rejection {
        String why = request.getRevoke().getWhy();
        String tooLong = "a reason of more than " + MAX_WHY + " characters";
        Rejection.unless(why.length() <= MAX_WHY, Code.INVALID, tooLong, "");
        Lease lease = find(request.getRevoke().getLease());
        String text = "by uid " + connection.peer.uid() + (why.isEmpty() ? "" : ": " + why);
        state.endAndTell(lease, EndReason.REVOKED, text);
        state.leases.settle();
        return Reply.newBuilder().setRevoked(Revoked.getDefaultInstance());
    }

    private Lease find(long id) throws Rejection {
        String none = "there is no lease " + Long.toUnsignedString(id);
        return state.leases
                .find(id)
                .orElseThrow(() -> new Rejection(Code.NOT_FOUND, none, "`sluice lease ls` lists them"));
    }

    Reply.Builder showPolicy(Connection connection, Request request) {
        return Reply.newBuilder()
                .setPolicyText(PolicyText.newBuilder()
                        .setPath(state.policy.source())
                        .setText(state.policy.text())
                        .setLoadedMs(state.policyLoadedMs));
    }

    /** Answered once the compiler has: see {@link #compiled}. */
    Reply.Builder reloadPolicy(Connection connection, Request request) throws SyscallException {
        ask(reply -> {
            if (state.connections.contains(connection)) {
                connection.reply(request.getId(), reply);
            }
        });
        return null;
    }

    private void ask(Consumer<Reply.Builder> whenAnswered) throws SyscallException {
        state.compiler.ask();
        asked.add(whenAnswered);
    }

    /** The same for a signal, which nobody answers. */
    void reload() {
        try {
            ask(reply -> {});
        } catch (SyscallException e) {
            LOG.error("policy not reloaded: {}", e.getMessage());
        }
    }

    /**
     * The compiler has said something. A policy comes into force, and the leases that it no longer allows as they are end;
     * a refusal changes nothing.
     */
    void compiled() {
        try {
            Policy policy = state.compiler.receive();
            if (policy != null) {
                state.enforce(policy);
                record(AuditEvent.Type.POLICY_LOADED, policy.source());
                LOG.info("policy reloaded from {}", policy.source());
                PolicyReloaded.Builder reloaded = PolicyReloaded.newBuilder().addAllEnded(endDisallowed());
                answer(Reply.newBuilder().setPolicyReloaded(reloaded));
            }
        } catch (Compiler.Refusal e) {
            record(AuditEvent.Type.POLICY_REFUSED, e.getMessage());
            LOG.error("policy not reloaded, nothing has changed:\n{}", e.getMessage());
            refuse(Code.INVALID, e.getMessage(), "nothing has changed; correct the file and try again");
        } catch (IOException e) { // it is gone, and what it was asked for will not come
            state.compiler.close();
            LOG.error("the policy stays as it is: {}", e.getMessage());
            while (!asked.isEmpty()) {
                refuse(Code.INTERNAL, e.getMessage(), "the policy in force stays");
            }
        }
    }

    private void record(AuditEvent.Type type, String reason) {
        state.audit.record(AuditEvent.newBuilder().setType(type).setReason(reason));
    }

    private void refuse(Code code, String message, String hint) {
        answer(Reply.newBuilder().setError(new Rejection(code, message, hint).error()));
    }

    private void answer(Reply.Builder reply) {
        if (!asked.isEmpty()) {
            asked.poll().accept(reply);
        }
    }

    private List<Long> endDisallowed() {
        List<Lease> ended = new ArrayList<>(state.leases.all());
        ended.removeIf(lease ->
                state.policy.allows(lease.holder().peer(), lease.holder().tenant(), lease.order()));
        ended.forEach(lease -> state.endAndTell(lease, EndReason.POLICY, ""));
        state.leases.settle();
        return ended.stream().map(Lease::id).toList();
    }

    Reply.Builder watchAudit(Connection connection, Request request) {
        connection.phase = Phase.STREAMING;
        connection.watcher =
                event -> connection.reply(request.getId(), Reply.newBuilder().setAuditEvent(event));
        state.audit.watch(connection.watcher);
        return null;
    }
}
