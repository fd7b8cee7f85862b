package io.sluice.cli;

import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.ListPortsResponse;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.PortsGrpc;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code sluice port ls}. */
@Command(name = "ls", description = "Lists the worker's ports.", customSynopsis = "sluice port ls [OPTIONS]")
final class PortLs extends Action.Calling {
    PortLs(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot list ports";
    }

    @Override
    void run(Remote worker) {
        ListPortsResponse ports =
                worker.stub(PortsGrpc::newBlockingStub).listPorts(ListPortsRequest.getDefaultInstance());
        print(() -> Json.of(ports), () -> table(ports));
    }

    private static String table(ListPortsResponse ports) {
        Table table = new Table(
                "NAME", "KIND", "STATE", "GRANT", ">LEASE", "INTERFACE", ">MTU", ">QUEUES", "MAC", "LINK", "FEATURES");
        for (Port port : ports.getPortsList()) {
            table.row(
                    port.getName(),
                    port.getKind(),
                    word(port.getState()),
                    port.getGrant(),
                    Long.toUnsignedString(port.getLease()),
                    port.getInterface(),
                    port.getMtu(),
                    port.getQueues(),
                    port.getMac(),
                    port.getLink(),
                    port.getReason().isEmpty() ? features(port) : port.getReason());
        }
        return ports.getPortsCount() == 0 ? "no ports" : table.toString();
    }

    /** One line on a port, for {@code port add}. */
    static String sentence(Port port) {
        String words = port.getFeaturesCount() == 0 ? "" : " (" + features(port) + ")";
        String reason = port.getReason().isEmpty() ? "" : ": " + port.getReason();
        return port.getName() + " is " + word(port.getState()) + reason + ": " + port.getKind() + " on "
                + port.getInterface() + ", " + port.getQueues() + (port.getQueues() == 1 ? " queue" : " queues")
                + ", MTU " + port.getMtu() + ", lease " + Long.toUnsignedString(port.getLease()) + words;
    }

    private static String features(Port port) {
        return String.join(",", port.getFeaturesList());
    }

    /** Down is what somebody has to act on, so it stands out. */
    private static String word(PortState state) {
        return state == PortState.DOWN ? "DOWN" : state.name().toLowerCase(Locale.ROOT);
    }
}
