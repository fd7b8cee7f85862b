package io.sluice.broker.server;

import io.sluice.broker.lease.Rejection;
import io.sluice.grant.channel.ProtocolException;
import io.sluice.grant.sys.SyscallException;
import io.sluice.grant.v1.Reply;
import io.sluice.grant.v1.Request;
import io.sluice.grant.v1.Request.OperationCase;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * Everything that the broker can be asked to do: operation, the tables that have it, the phase that allows it, its handler.
 * What is not a row here ends the connection.
 */
final class Operations {
    /** Runs one operation: the reply, or null if that comes later. */
    interface Handler {
        Reply.Builder run(Connection connection, Request request) throws Rejection, IOException;
    }

    private record Row(Set<Table> tables, Phase phase, Handler handler) {}

    private static final Set<Table> TENANT = Set.of(Table.TENANT);
    private static final Set<Table> ADMIN = Set.of(Table.ADMIN);

    private final Map<OperationCase, Row> rows = new EnumMap<>(OperationCase.class);

    Operations(TenantOperations tenant, AdminOperations admin, Handler hello) {
        rows.put(OperationCase.HELLO, new Row(Set.of(Table.TENANT, Table.ADMIN), Phase.GREETING, hello));

        rows.put(OperationCase.LIST_GRANTS, new Row(TENANT, Phase.READY, tenant::listGrants));
        rows.put(OperationCase.ACQUIRE, new Row(TENANT, Phase.READY, tenant::acquire));
        rows.put(OperationCase.CONFIRM, new Row(TENANT, Phase.CONFIRMING, tenant::confirm));
        rows.put(OperationCase.ADOPT, new Row(TENANT, Phase.READY, tenant::adopt));
        rows.put(OperationCase.RELEASE, new Row(TENANT, Phase.READY, tenant::release));
        rows.put(OperationCase.OFFLOAD, new Row(TENANT, Phase.READY, tenant::offload));

        rows.put(OperationCase.GET_STATUS, new Row(ADMIN, Phase.READY, admin::getStatus));
        rows.put(OperationCase.LIST_LEASES, new Row(ADMIN, Phase.READY, admin::listLeases));
        rows.put(OperationCase.SHOW_LEASE, new Row(ADMIN, Phase.READY, admin::showLease));
        rows.put(OperationCase.REVOKE, new Row(ADMIN, Phase.READY, admin::revoke));
        rows.put(OperationCase.SHOW_POLICY, new Row(ADMIN, Phase.READY, admin::showPolicy));
        rows.put(OperationCase.RELOAD_POLICY, new Row(ADMIN, Phase.READY, admin::reloadPolicy));
        rows.put(OperationCase.WATCH_AUDIT, new Row(ADMIN, Phase.READY, admin::watchAudit));
    }

    /**
     * Runs {@code request} if its row is open to {@code connection}.
     *
     * @throws ProtocolException it is not; the connection must end
     * @throws Rejection the answer is an error
     * @throws SyscallException the same
     */
    void run(Connection connection, Request request) throws Rejection, IOException {
        if (request.getId() == 0) {
            throw new ProtocolException("request without an id");
        }
        Row row = rows.get(request.getOperationCase());
        if (row == null || !row.tables().contains(connection.table)) {
            throw new ProtocolException("operation " + request.getOperationCase() + " does not exist here");
        }
        if (row.phase() != connection.phase) {
            throw new ProtocolException("operation " + request.getOperationCase() + " is not allowed in phase "
                    + connection.phase + ", but in " + row.phase());
        }
        Reply.Builder reply = row.handler().run(connection, request);
        if (reply != null) {
            connection.reply(request.getId(), reply);
        }
    }
}
