package io.sluice.cli;

import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice link add}. */
@Command(
        name = "add",
        description = "Cross-connects two ports: what one receives the other sends, both ways.",
        customSynopsis = "sluice link add A B [--name NAME] [OPTIONS]")
final class LinkAdd extends Action.Calling {
    @Parameters(index = "0", paramLabel = "A", description = "a port")
    String a;

    @Parameters(index = "1", paramLabel = "B", description = "another port")
    String b;

    @Option(names = "--name", paramLabel = "NAME", description = "name of the link (default: A-B)")
    String name = "";

    LinkAdd(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot link " + a + " and " + b;
    }

    @Override
    void run(Remote worker) {
        Link link = worker.stub(LinksGrpc::newBlockingStub)
                .addLink(AddLinkRequest.newBuilder()
                        .setName(name)
                        .setA(a)
                        .setB(b)
                        .build());
        print(() -> Json.of(link), () -> link.getName() + " connects " + link.getA() + " and " + link.getB());
    }
}
