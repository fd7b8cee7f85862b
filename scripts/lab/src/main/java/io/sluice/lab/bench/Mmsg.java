package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.time.Duration;
import java.util.Optional;

/** A plain C loop of recvmmsg and sendmmsg over AF_PACKET sockets with vnet headers: {@code mmsg.c}. */
record Mmsg() implements Contender {
    @Override
    public String name() {
        return "c-mmsg";
    }

    @Override
    public Optional<String> missing(Rig rig) {
        return Optional.empty();
    }

    @Override
    public Running start(Rig rig) {
        RunningProcess process = rig.lab()
                .start(rig.programs()
                        .command("mmsg", "v1", "v2")
                        .in(rig.net().dut())
                        .on(Rig.WORK_CPU));
        process.awaitLine("ready", Duration.ofSeconds(10));
        return new Working(process);
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
