package io.sluice.cli;

import io.sluice.broker.v1.LeasesGrpc;
import io.sluice.broker.v1.RevokeLeaseRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice lease revoke}. */
@Command(
        name = "revoke",
        description = "Ends a lease: its descriptors stop working, whoever holds them.",
        customSynopsis = "sluice lease revoke ID [--why TEXT] [OPTIONS]")
final class LeaseRevoke extends Action.Calling {
    @Parameters(paramLabel = "ID", description = "the lease, as sluice lease ls has it")
    long id;

    @Option(names = "--why", paramLabel = "TEXT", description = "reason for the audit line, at most 200 characters")
    String why = "";

    LeaseRevoke(Globals globals, Terminal terminal) {
        super(Target.GATEWAY, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot revoke lease " + id;
    }

    @Override
    void run(Remote gateway) {
        gateway.stub(LeasesGrpc::newBlockingStub)
                .revokeLease(
                        RevokeLeaseRequest.newBuilder().setId(id).setWhy(why).build());
        print(() -> Json.of("revoked", Json.unsigned(id)), () -> "lease " + id + " is revoked");
    }
}
