package io.sluice.cli;

import com.google.gson.JsonPrimitive;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.RemovePortRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice port rm}. */
@Command(
        name = "rm",
        description = "Removes a port and gives its lease back. Remove a link that uses it first.",
        customSynopsis = "sluice port rm NAME [OPTIONS]")
final class PortRm extends Action.Calling {
    @Parameters(paramLabel = "NAME", description = "the port")
    String name;

    PortRm(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot remove port " + name;
    }

    @Override
    void run(Remote worker) {
        worker.stub(PortsGrpc::newBlockingStub)
                .removePort(RemovePortRequest.newBuilder().setName(name).build());
        print(() -> Json.of("removed", new JsonPrimitive(name)), () -> name + " is removed");
    }
}
