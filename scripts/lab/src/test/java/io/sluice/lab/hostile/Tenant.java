package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.RunningProcess;
import java.nio.file.Path;
import java.time.Duration;

/** A tenant's program that does as it is told, one command at a time; see hostile.c. */
final class Tenant {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final RunningProcess process;

    Tenant(RunningProcess process) {
        this.process = process;
        process.awaitLine("ready", LIMIT);
    }

    /** Gives a command and returns the one line that answers it. */
    String ask(String command) {
        return process.ask(command, line -> true, LIMIT);
    }

    /** Gives a command whose answer is counts. */
    Counts count(String command) {
        return Counts.of(ask(command));
    }

    /** Connects and greets; the answer says which tenant the broker sees. */
    String connect(Path socket) {
        return ask("connect " + socket);
    }

    /**
     * Acquires and confirms grants on the connection, with a pool of so many bytes unless 0. Returns the slot of the
     * first descriptor: the pool's, if there is one.
     */
    int acquire(long pool, String... grants) {
        return held("acquire " + pool + " " + String.join(" ", grants));
    }

    /** Gives a command that is answered with the descriptors that it brought. */
    int held(String command) {
        String answer = ask(command);
        assertThat(answer).as("answer to \"%s\"", command).startsWith("held ");
        return Integer.parseInt(answer.split(" ", -1)[2]);
    }

    /** Its process. */
    RunningProcess process() {
        return process;
    }
}
