package io.sluice.cli;

import io.sluice.worker.v1.AddLinkRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.ServicePath;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice link add}. */
@Command(
        name = "add",
        description = "Cross-connects two ports: what one receives the other sends, both ways.",
        customSynopsis = "sluice link add A B [--spi N [--si N]] [--offload] [--name NAME] [OPTIONS]")
final class LinkAdd extends Action.Calling {
    private static final int MOST_INDEX = 255;

    @Parameters(index = "0", paramLabel = "A", description = "a port")
    String a;

    @Parameters(index = "1", paramLabel = "B", description = "another port")
    String b;

    @Option(names = "--name", paramLabel = "NAME", description = "name of the link (default: A-B)")
    String name = "";

    @Option(names = "--spi", paramLabel = "N", description = "only this service path of the nsh port A or B")
    Integer spi;

    @Option(names = "--si", paramLabel = "N", description = "only this service index of it, 1..255 (default: any)")
    Integer si;

    @Option(
            names = "--offload",
            description = "have the kernel forward between the two, xdp ports whose grants have offload: true")
    boolean offload;

    LinkAdd(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot link " + a + " and " + b;
    }

    @Override
    void run(Remote worker) {
        Link link = worker.stub(LinksGrpc::newBlockingStub).addLink(request());
        print(() -> Json.of(link), () -> LinkSet.text(link));
    }

    private AddLinkRequest request() {
        AddLinkRequest.Builder request =
                AddLinkRequest.newBuilder().setName(name).setA(a).setB(b).setOffload(offload);
        if (spi == null && si == null) {
            return request.build();
        }
        if (spi == null) {
            throw new Failure(
                    ExitCode.USAGE, failing() + ": --si is an index of a service path; --spi is expected, too");
        }
        if (si != null && (si < 1 || si > MOST_INDEX)) {
            throw new Failure(ExitCode.USAGE, failing() + ": --si " + si + ": 1 to " + MOST_INDEX + " is expected");
        }
        return request.setPath(ServicePath.newBuilder().setSpi(spi).setSi(si == null ? 0 : si))
                .build();
    }
}
