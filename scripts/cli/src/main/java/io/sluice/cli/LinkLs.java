package io.sluice.cli;

import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ListLinksRequest;
import io.sluice.worker.v1.ListLinksResponse;
import picocli.CommandLine.Command;

/** {@code sluice link ls}. */
@Command(name = "ls", description = "Lists the worker's links.", customSynopsis = "sluice link ls [OPTIONS]")
final class LinkLs extends Action.Calling {
    LinkLs(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot list links";
    }

    @Override
    void run(Remote worker) {
        ListLinksResponse links =
                worker.stub(LinksGrpc::newBlockingStub).listLinks(ListLinksRequest.getDefaultInstance());
        print(() -> Json.of(links), () -> table(links));
    }

    private static String table(ListLinksResponse links) {
        Table table = new Table("NAME", "A", "B", "THREADS");
        links.getLinksList()
                .forEach(link ->
                        table.row(link.getName(), link.getA(), link.getB(), PortLs.numbers(link.getThreadsList())));
        return links.getLinksCount() == 0 ? "no links" : table.toString();
    }
}
