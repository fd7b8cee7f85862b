package io.sluice.cli;

import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.ListLeasesRequest;
import io.sluice.broker.v1.ListLeasesResponse;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** {@code sluice lease ls}. */
@Command(
        name = "ls",
        description = "Lists what the broker's clients hold.",
        customSynopsis = "sluice lease ls [OPTIONS]")
final class LeaseLs extends Action.Calling {
    LeaseLs(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot list leases";
    }

    @Override
    void run(Remote gateway) {
        ListLeasesResponse leases =
                gateway.stub(LeasesGrpc::newBlockingStub).listLeases(ListLeasesRequest.getDefaultInstance());
        print(() -> Json.of(leases), () -> table(leases));
    }

    private String table(ListLeasesResponse leases) {
        Table table = new Table(
                ">ID", "TENANT", "GRANT", "KIND", "INTERFACE", "QUEUES", ">PID", ">UID", "CLIENT", ">AGE", ">MEMORY");
        for (Lease lease : leases.getLeasesList()) {
            table.row(
                    Long.toUnsignedString(lease.getId()),
                    lease.getTenant(),
                    lease.getGrant(),
                    lease.getKind(),
                    lease.getInterface(),
                    lease.getQueuesList().stream()
                            .map(Integer::toUnsignedString)
                            .collect(Collectors.joining(",")),
                    lease.getWaiting() ? "waits" : Integer.toUnsignedString(lease.getPid()),
                    Integer.toUnsignedString(lease.getUid()),
                    lease.getClient(),
                    Units.age(terminal.clock().millis() - lease.getSinceMs()),
                    Units.bytes(lease.getMemory()));
        }
        return leases.getLeasesCount() == 0 ? "no leases" : table.toString();
    }
}
