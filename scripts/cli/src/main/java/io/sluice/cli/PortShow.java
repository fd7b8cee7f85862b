package io.sluice.cli;

import io.sluice.worker.v1.Counter;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.Offload;
import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.Rings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice port show}. */
@Command(
        name = "show",
        description = "Prints of a port what ethtool -g, -c, -k and -S would of a device.",
        customSynopsis = "sluice port show NAME [OPTIONS]",
        footer = {
            "",
            "Statistics are named as User Mode Linux names them; sluice stats has our own. What cannot be",
            "changed is [fixed], the rest sluice port set changes."
        })
final class PortShow extends Action.Calling {
    @Parameters(paramLabel = "NAME", description = "the port")
    String name;

    PortShow(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot show port " + name;
    }

    @Override
    void run(Remote worker) {
        PortDetail detail = worker.stub(PortsGrpc::newBlockingStub)
                .getPort(GetPortRequest.newBuilder().setName(name).build());
        print(() -> Json.of(detail), () -> text(detail));
    }

    /** All of it, for people. */
    static String text(PortDetail detail) {
        StringBuilder text = new StringBuilder(PortLs.sentence(detail.getPort()));
        Rings rings = detail.getRings();
        text.append("\nrings:");
        line(text, "depth", rings.getDepth() + " (at most " + rings.getDepthMax() + ")");
        ring(text, "rx", rings.getRx());
        ring(text, "tx", rings.getTx());
        ring(text, "fill", rings.getFill());
        ring(text, "completion", rings.getCompletion());
        text.append("\ncoalescing:");
        line(text, "tx-usecs", detail.getCoalescing().getTxUsecs());
        line(text, "tx-frames", detail.getCoalescing().getTxFrames());
        text.append("\noffloads:");
        for (Offload offload : detail.getOffloadsList()) {
            line(text, offload.getName(), (offload.getOn() ? "on" : "off") + (offload.getFixed() ? " [fixed]" : ""));
        }
        text.append("\nstatistics:");
        for (Counter counter : detail.getStatisticsList()) {
            line(text, counter.getName(), Long.toUnsignedString(counter.getValue()));
        }
        return text.toString();
    }

    private static void ring(StringBuilder text, String name, int entries) {
        if (entries != 0) {
            line(text, name, entries);
        }
    }

    private static void line(StringBuilder text, String name, Object value) {
        text.append("\n  ").append(name).append(": ").append(value);
    }
}
