package io.sluice.cli;

import io.sluice.worker.v1.PortDetail;
import io.sluice.worker.v1.PortsGrpc;
import io.sluice.worker.v1.SetPortRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice port set}. */
@Command(
        name = "set",
        description = "Changes what can be changed about a port while traffic flows: all of it, or nothing.",
        customSynopsis = "sluice port set NAME KEY=VALUE... [OPTIONS]",
        footer = {
            "",
            "  depth=N            packets in a vector, 1..256",
            "  tx-usecs=N         how long a packet may wait for others to be sent with it (0: not at all)",
            "  tx-frames=N        how many waiting packets are sent at once (0: as many as the depth)",
            "  rx=on|off, tx=on|off, tso=on|off, uso=on|off, gro=on|off, or an offload as sluice port show names it",
            "",
            "  sluice port set up tx-usecs=50 tso=off depth=64"
        })
final class PortSet extends Action.Calling {
    @Parameters(index = "0", paramLabel = "NAME", description = "the port")
    String name;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY=VALUE", description = "what is to be different")
    List<String> changes;

    PortSet(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot change port " + name;
    }

    @Override
    void run(Remote worker) {
        PortDetail detail = worker.stub(PortsGrpc::newBlockingStub).setPort(request());
        print(() -> Json.of(detail), () -> PortShow.text(detail));
    }

    private SetPortRequest request() {
        SetPortRequest.Builder request = SetPortRequest.newBuilder().setName(name);
        Set<String> seen = new HashSet<>();
        for (String change : changes) {
            int equals = change.indexOf('=');
            if (equals < 1) {
                throw usage("\"" + change + "\": KEY=VALUE is expected");
            }
            String key = change.substring(0, equals);
            String value = change.substring(equals + 1);
            if (!seen.add(key)) {
                throw usage(key + " is given twice");
            }
            switch (key) {
                case "depth" -> request.setDepth(number(key, value));
                case "tx-usecs" -> request.setTxUsecs(number(key, value));
                case "tx-frames" -> request.setTxFrames(number(key, value));
                default -> request.putOffloads(key, on(key, value));
            }
        }
        return request.build();
    }

    private int number(String key, String value) {
        try {
            return Integer.parseUnsignedInt(value);
        } catch (NumberFormatException e) {
            throw usage(key + "=" + value + ": a number is expected");
        }
    }

    private boolean on(String key, String value) {
        if (!value.equals("on") && !value.equals("off")) {
            throw usage(key + "=" + value + ": on or off is expected; numbers are for depth, tx-usecs and tx-frames");
        }
        return value.equals("on");
    }

    private Failure usage(String why) {
        return new Failure(ExitCode.USAGE, failing() + ": " + why);
    }
}
