package io.sluice.cli;

import io.sluice.worker.v1.CountersGrpc;
import io.sluice.worker.v1.DescribeCountersRequest;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.Snapshot;
import io.sluice.worker.v1.WatchCountersRequest;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice stats}. */
@Command(
        name = "stats",
        description = "Prints the counters of the worker's ports.",
        customSynopsis = "sluice stats [--watch[=SECONDS]] [PORT...] [OPTIONS]",
        footer = {
            "",
            "FILL is the vector fill: packets received per poll that brought any. The last line is",
            "the balance over all ports that ever existed; its two sides are equal."
        })
final class StatsCommand extends Action.Calling {
    private static final String CLEAR_SCREEN = "\033[H\033[J";

    @Parameters(paramLabel = "PORT", arity = "0..*", description = "only these ports (default: all)")
    List<String> ports = List.of();

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            description = "rates, every SECONDS (default: 1; 0.01 at least), until it is interrupted")
    Double watch;

    StatsCommand(Globals globals, Terminal terminal) {
        super(Target.WORKER, globals, terminal);
    }

    @Override
    String failing() {
        return "cannot read counters";
    }

    @Override
    void run(Remote worker) {
        if (watch != null && !(watch >= 0.01 && watch <= 3600)) {
            throw new Failure(ExitCode.USAGE, failing() + ": --watch takes 0.01 to 3600 seconds");
        }
        Set<String> drops = worker
                .stub(CountersGrpc::newBlockingStub)
                .describeCounters(DescribeCountersRequest.getDefaultInstance())
                .getCountersList()
                .stream()
                .filter(counter -> counter.getDrop())
                .map(counter -> counter.getName())
                .collect(Collectors.toSet());
        if (watch == null) {
            Snapshot snapshot = worker.stub(CountersGrpc::newBlockingStub)
                    .getCounters(
                            GetCountersRequest.newBuilder().addAllPorts(ports).build());
            Stats stats = new Stats(null, snapshot, drops);
            print(stats::json, stats::totals);
        } else {
            watch(worker, drops);
        }
    }

    private void watch(Remote worker, Set<String> drops) {
        Iterator<Snapshot> snapshots = worker.endless(CountersGrpc::newBlockingStub)
                .watchCounters(WatchCountersRequest.newBuilder()
                        .addAllPorts(ports)
                        .setIntervalMs((int) Math.round(watch * 1000))
                        .build());
        Snapshot before = null;
        while (!out().checkError() && snapshots.hasNext()) {
            Snapshot now = snapshots.next();
            if (before != null) {
                Stats stats = new Stats(before, now, drops);
                out().print(terminal.screen() && !globals.json ? CLEAR_SCREEN : "");
                print(stats::json, () -> stats.rates() + (terminal.screen() ? "" : "\n"));
            }
            before = now;
        }
    }
}
