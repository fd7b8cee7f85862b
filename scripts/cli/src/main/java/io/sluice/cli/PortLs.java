package io.sluice.cli;

import io.sluice.worker.v1.ListPortsRequest;
import io.sluice.worker.v1.ListPortsResponse;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.PortsGrpc;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
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

    /** One line on a port, for {@code port add}, and one for each thing to know about it. */
    static String sentence(Port port) {
        StringBuilder text = new StringBuilder(port.getName())
                .append(" is ")
                .append(word(port.getState()))
                .append(port.getReason().isEmpty() ? "" : ": " + port.getReason())
                .append(": ")
                .append(port.getKind());
        if (!port.getInterface().isEmpty()) {
            text.append(" on ").append(port.getInterface());
        }
        text.append(", ").append(port.getQueues()).append(port.getQueues() == 1 ? " queue" : " queues");
        if (port.getThreadsList().stream().anyMatch(thread -> thread > 0)) {
            text.append(port.getThreadsCount() == 1 ? " in thread " : " in threads ")
                    .append(numbers(port.getThreadsList()));
        }
        text.append(", MTU ").append(Integer.toUnsignedString(port.getMtu()));
        if (port.getLease() != 0) {
            text.append(", lease ").append(Long.toUnsignedString(port.getLease()));
        }
        if (port.getFeaturesCount() > 0) {
            text.append(" (").append(features(port)).append(')');
        }
        port.getNotesList().forEach(note -> text.append("\nnote: ").append(note));
        return text.toString();
    }

    /** "0,1,0,1", of the thread of each queue. */
    static String numbers(List<Integer> threads) {
        return threads.stream().map(Integer::toUnsignedString).collect(Collectors.joining(","));
    }

    private static String features(Port port) {
        return String.join(",", port.getFeaturesList());
    }

    /** Down is what somebody has to act on, so it stands out. */
    private static String word(PortState state) {
        return state == PortState.DOWN ? "DOWN" : state.name().toLowerCase(Locale.ROOT);
    }
}
