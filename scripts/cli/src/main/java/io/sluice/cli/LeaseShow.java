package io.sluice.cli;

import io.sluice.broker.v1.GetLeaseRequest;
import io.sluice.broker.v1.Lease;
import io.sluice.broker.v1.LeasesGrpc;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice lease show}. */
@Command(
        name = "show",
        description = "Shows a lease, and what the rules of its jail let pass and dropped.",
        customSynopsis = "sluice lease show ID [OPTIONS]")
final class LeaseShow extends Action.Calling {
    @Parameters(paramLabel = "ID", description = "the lease, as sluice lease ls has it")
    long id;

    LeaseShow(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot show lease " + id;
    }

    @Override
    void run(Remote gateway) {
        Lease lease = gateway.stub(LeasesGrpc::newBlockingStub)
                .getLease(GetLeaseRequest.newBuilder().setId(id).build());
        print(() -> Json.of(lease), () -> text(lease));
    }

    private String text(Lease lease) {
        Table table = new Table("LEASE", Long.toUnsignedString(lease.getId()));
        table.row("tenant", lease.getTenant());
        table.row("grant", lease.getGrant());
        table.row("kind", lease.getKind());
        table.row("interface", lease.getInterface());
        String queues =
                lease.getQueuesList().stream().map(Integer::toUnsignedString).collect(Collectors.joining(","));
        table.row("queues", queues);
        table.row(
                "holder",
                lease.getClient() + ", pid " + Integer.toUnsignedString(lease.getPid()) + ", uid "
                        + Integer.toUnsignedString(lease.getUid())
                        + (lease.getWaiting() ? "; gone, it waits to be adopted" : ""));
        table.row("age", Units.age(terminal.clock().millis() - lease.getSinceMs()));
        table.row("memory", Units.bytes(lease.getMemory()));
        lease.getCountersList()
                .forEach(counter -> table.row(counter.getName(), Long.toUnsignedString(counter.getValue())));
        return table.toString();
    }
}
