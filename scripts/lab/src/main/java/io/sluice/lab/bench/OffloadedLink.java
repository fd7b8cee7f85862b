package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import io.sluice.lab.bench.result.Result;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A link that is handed to the kernel beside a bare XDP redirect between the same two devices. */
final class OffloadedLink {
    private static final Duration START = Duration.ofSeconds(10);

    private OffloadedLink() {}

    static Step step(int frame) {
        String id = "offload." + frame;
        return Step.of(id, (effort, found) -> List.of(measure(id, frame, effort)));
    }

    private static Result measure(String id, int frame, Effort effort) {
        try (Lab lab = Lab.open()) {
            // A veth takes redirected frames only if its other end has a program.
            Options options = effort.options(Work.L2FWD, Kind.XDP, frame, "--sink", "xdp");
            Rig rig = new Rig(lab, options);
            List<Contender> all = Turns.withoutMissing(rig, List.of(new Offloaded(new Sluice(true)), new Redirect()));
            List<Series> series = Turns.take(effort.runs(), all, (contender, figures) -> {
                try (Contender.Running running = contender.start(rig)) {
                    Steps.flood(rig, effort, running, figures);
                }
            });
            return Steps.rates(id, "a link in the kernel, flooded, " + frame + "-byte frames", "Mpps", series);
        }
    }

    private record Offloaded(Sluice sluice) implements Contender {
        @Override
        public String name() {
            return sluice.name();
        }

        @Override
        public Optional<String> missing(Rig rig) {
            String help = sluice.stack(rig).tenant("link", "add", "--help").output();
            return help.contains("--offload") ? Optional.empty() : Optional.of("`link add` has no --offload");
        }

        @Override
        public Running start(Rig rig) {
            SluiceStack stack = sluice.stack(rig);
            RunningProcess worker = stack.startWorker();
            stack.addPort("left", Kind.XDP);
            stack.addPort("right", Kind.XDP);
            stack.tenant("link", "add", "left", "right", "--offload").orThrow();
            return Steps.running(worker);
        }
    }

    private record Redirect() implements Contender {
        @Override
        public String name() {
            return "xdp-redirect";
        }

        @Override
        public Optional<String> missing(Rig rig) {
            return Optional.empty();
        }

        @Override
        public Running start(Rig rig) {
            RunningProcess process = rig.lab()
                    .start(rig.programs()
                            .command("redirect", "v1", "v2")
                            .in(rig.net().dut()));
            process.awaitLine("ready", START);
            return Steps.inKernel(process);
        }
    }
}
