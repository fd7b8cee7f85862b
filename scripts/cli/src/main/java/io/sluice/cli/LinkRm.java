package io.sluice.cli;

import com.google.gson.JsonPrimitive;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.RemoveLinkRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice link rm}. */
@Command(
        name = "rm",
        description = "Removes a link. Its ports stay, and what they receive is left to the kernel.",
        customSynopsis = "sluice link rm NAME [OPTIONS]")
final class LinkRm extends Action.Calling {
    @Parameters(paramLabel = "NAME", description = "the link")
    String name;

    LinkRm(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot remove link " + name;
    }

    @Override
    void run(Remote worker) {
        worker.stub(LinksGrpc::newBlockingStub)
                .removeLink(RemoveLinkRequest.newBuilder().setName(name).build());
        print(() -> Json.of("removed", new JsonPrimitive(name)), () -> name + " is removed");
    }
}
