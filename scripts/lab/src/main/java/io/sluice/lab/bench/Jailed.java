package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.Jails;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.util.List;
import java.util.Optional;

/**
 * Sluice between two jails, each in a bridge with one of the hosts; with the rules at the jails' way out, or with the same
 * way after tc(8) has taken the rules off it.
 */
record Jailed(Path path, boolean rules) implements Contender {
    /** What both have in common, made at first use. */
    private static final class Path {
        private Optional<SluiceStack> stack = Optional.empty();

        SluiceStack on(Rig rig) {
            SluiceStack made = stack.orElseGet(() -> SluiceStack.start(
                    rig.net(),
                    rig.install(),
                    Jails.policy(rig.net(), rig.options().kind())));
            stack = Optional.of(made);
            return made;
        }
    }

    static List<Contender> withAndWithoutRules() {
        Path path = new Path();
        return List.of(new Jailed(path, true), new Jailed(path, false));
    }

    @Override
    public String name() {
        return rules ? "sluice" : "without-rules";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        SluiceStack stack = path.on(rig);
        RunningProcess worker = stack.startWorker(Sluice.ON_WORK_CPU);
        stack.connect(rig.options().kind());
        if (!rules) {
            withoutRules(rig);
        }
        return new Working(worker);
    }

    private static void withoutRules(Rig rig) {
        List<String> jails = Jails.hostEnds(rig.net());
        if (jails.size() != 2) {
            throw new LabException("two jails ought to be there, not " + jails);
        }
        for (String device : jails) {
            for (String direction : List.of("ingress", "egress")) {
                rig.lab()
                        .run(Command.of("tc", "filter", "del", "dev", device, direction)
                                .in(rig.net().dut()));
            }
        }
    }

    private record Working(RunningProcess running) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.of(running);
        }

        @Override
        public void close() {
            running.close();
        }
    }
}
