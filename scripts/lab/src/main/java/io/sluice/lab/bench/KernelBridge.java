package io.sluice.lab.bench;

import io.sluice.lab.Command;
import io.sluice.lab.RunningProcess;
import java.util.Optional;

/** The kernel's bridge with both devices in it: what a host does without any of us. */
record KernelBridge() implements Contender {
    @Override
    public String name() {
        return "kernel-bridge";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        ip(rig, "link add br0 up type bridge");
        ip(rig, "link set v1 master br0");
        ip(rig, "link set v2 master br0");
        return new Bridge(rig);
    }

    private static void ip(Rig rig, String words) {
        rig.lab().run(Command.of(("ip " + words).split(" ", -1)).in(rig.net().dut()));
    }

    private record Bridge(Rig rig) implements Running {
        @Override
        public Optional<RunningProcess> process() {
            return Optional.empty();
        }

        @Override
        public void close() {
            ip(rig, "link delete br0");
        }
    }
}
