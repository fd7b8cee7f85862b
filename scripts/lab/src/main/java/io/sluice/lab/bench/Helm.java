package io.sluice.lab.bench;

import io.sluice.lab.Kind;
import io.sluice.lab.Lab;
import io.sluice.lab.LabException;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.SluiceStack;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Steers the worker of a stack through a {@link Steward}.
 *
 * @param steward the tenant's program
 * @param sockets a directory of the tenant's
 */
record Helm(RunningProcess steward, Path sockets) {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** Starts a steward; it ends with {@code lab}. The worker need not be there yet. */
    static Helm take(Lab lab, SluiceStack stack) {
        RunningProcess steward = lab.start(stack.tenantCommand(
                "lab", Steward.class.getName(), stack.workerSocket().toString()));
        steward.awaitLine("ready", LIMIT);
        return new Helm(steward, stack.workerSocket().getParent());
    }

    /** Goes on with the worker that is there now. */
    void reconnect() {
        tell("connect");
    }

    /** Adds the ports left and right and links them. */
    void connect(Kind kind) {
        tell("port left " + kind.word());
        tell("port right " + kind.word());
        tell("link left right");
    }

    /** Adds the ports number {@code from} to {@code to - 1}, both even, to which nobody sends, in links of two. */
    void addIdlePorts(int from, int to) {
        for (int i = from; i < to; i += 2) {
            idle(i);
            idle(i + 1);
            tell("link idle" + i + " idle" + (i + 1));
        }
    }

    /** Removes them. */
    void removeIdlePorts(int from, int to) {
        for (int i = from; i < to; i += 2) {
            tell("unlink idle" + i + " idle" + (i + 1));
            tell("remove idle" + i);
            tell("remove idle" + (i + 1));
        }
    }

    private void idle(int number) {
        tell("netdev dgram,id=idle" + number + ",local.type=unix,local.path=" + sockets.resolve("i" + number)
                + ",remote.type=unix,remote.path=" + sockets.resolve("nobody"));
    }

    private void tell(String command) {
        String answer = steward.ask(command, line -> line.equals("done") || line.startsWith("failed: "), LIMIT);
        if (!answer.equals("done")) {
            throw new LabException(command + " " + answer);
        }
    }
}
