package io.sluice.broker.server;

import io.sluice.broker.BrokerVersion;
import io.sluice.broker.lease.Lease;
import io.sluice.broker.lease.Rejection;
import io.sluice.broker.policy.PolicyException;
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
import java.util.ArrayList;
import java.util.List;

/** The admin table: what the gateway may ask for on behalf of an operator. */
final class AdminOperations {
    private static final int MAX_WHY = 200;

    /** Ends a lease and sends its holder a notice. */
    interface Ender {
        void end(Lease lease, EndReason reason, String why);
    }

    private final State state;
    private final Ender ender;

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
                                .setPolicyPath(state.policyFile.toString())
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
                                .setPath(state.policyFile.toString())
                                .setText(state.policy.text())
                                .setLoadedMs(state.policyLoadedMs)));
    }

    void reloadPolicy(Connection connection, Request request) throws Rejection {
        try {
            connection.reply(
                    request.getId(),
                    Reply.newBuilder()
                            .setPolicyReloaded(PolicyReloaded.newBuilder().addAllEnded(reload())));
        } catch (PolicyException e) {
            throw new Rejection(
                    Error.Code.INVALID, e.getMessage(), "nothing has changed; correct the file and try again");
        }
    }

    /**
     * Puts the policy file into force and ends the leases that it no longer allows as they are.
     *
     * @return ids of the leases that were ended
     * @throws PolicyException the file is broken; nothing has changed
     */
    List<Long> reload() throws PolicyException {
        try {
            state.loadPolicy();
        } catch (PolicyException e) {
            state.audit.record(AuditEvent.newBuilder()
                    .setType(AuditEvent.Type.POLICY_REFUSED)
                    .setReason(e.getMessage()));
            throw e;
        }
        state.audit.record(
                AuditEvent.newBuilder().setType(AuditEvent.Type.POLICY_LOADED).setReason(state.policyFile.toString()));
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
