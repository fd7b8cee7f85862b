package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Figures;
import io.sluice.lab.bench.result.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A flooded pair of ports beside others that are linked but idle, and how much memory that takes. */
final class PortScaling {
    private static final int MANY = 1024;
    private static final List<Integer> IDLE = List.of(0, 64, MANY);

    private PortScaling() {}

    static Step step(Kind kind) {
        String id = "ports." + kind.word();
        return new Step(id, List.of(id, "ports.rss"), (effort, found) -> measure(id, kind, effort));
    }

    private static List<Result> measure(String id, Kind kind, Effort effort) {
        try (Lab lab = Lab.open()) {
            Rig rig = new Rig(lab, effort.options(Work.L2FWD, kind, 64));
            SluiceStack stack = new Sluice().stack(rig);
            Helm helm = Helm.take(lab, stack);
            Map<Integer, List<Double>> resident = new HashMap<>();
            List<String> names = IDLE.stream().map(PortScaling::name).toList();
            List<Series> all = Turns.take(effort.runs(), IDLE, names, (idle, series) -> {
                try (RunningProcess worker = stack.startWorker(Sluice.ON_WORK_CPU)) {
                    helm.reconnect();
                    helm.connect(kind);
                    helm.addIdlePorts(idle);
                    Steps.flood(rig, effort, Steps.running(worker), series);
                    ProcessMemory memory = ProcessMemory.of(worker.pid());
                    resident.computeIfAbsent(idle, unused -> new ArrayList<>())
                            .add(memory.anonymous() + memory.files());
                }
            });
            return List.of(
                    Steps.rates(
                            id,
                            "a flooded pair of " + kind.word() + " ports beside idle ones, 64-byte frames",
                            "Mpps",
                            all),
                    new Result(
                            "ports.rss",
                            "resident memory without the frame pool",
                            "MB",
                            Result.Better.LESS,
                            List.of(
                                    Figures.of("sluice", resident.get(0)),
                                    Figures.of("sluice, 1,026 ports", resident.get(MANY)))));
        }
    }

    private static String name(int idle) {
        return idle == 0 ? "alone" : String.format(Locale.ROOT, "%,d idle", idle);
    }
}
