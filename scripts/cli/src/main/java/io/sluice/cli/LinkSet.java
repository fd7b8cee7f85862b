package io.sluice.cli;

import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.LinksGrpc;
import io.sluice.worker.v1.SetLinkRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice link set}. */
@Command(
        name = "set",
        description = "Changes who forwards a link's packets, while traffic flows.",
        customSynopsis = "sluice link set NAME --offload on|off [OPTIONS]",
        footer = {"", "  sluice link set left-right --offload off"})
final class LinkSet extends Action.Calling {
    /** What a switch may be. */
    enum Switch {
        ON,
        OFF
    }

    @Parameters(paramLabel = "NAME", description = "the link")
    String name;

    @Option(
            names = "--offload",
            required = true,
            paramLabel = "on|off",
            description = "on: the kernel forwards, past the worker; off: the worker does")
    Switch offload;

    LinkSet(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot change link " + name;
    }

    @Override
    void run(Remote worker) {
        Link link = worker.stub(LinksGrpc::newBlockingStub)
                .setLink(SetLinkRequest.newBuilder()
                        .setName(name)
                        .setOffload(offload == Switch.ON)
                        .build());
        print(() -> Json.of(link), () -> text(link));
    }

    /** What a person wants to know of a link. */
    static String text(Link link) {
        return link.getName() + " connects " + link.getA() + " and " + link.getB()
                + (link.getOffloaded() ? " in the kernel" : "")
                + (link.getOffloadReason().isEmpty() ? "" : ", not in the kernel: " + link.getOffloadReason());
    }
}
