package io.sluice.lab.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.RunningProcess;
import java.time.Duration;

/** The other end of a wire, which counts and sends; see wire.c. */
final class Wire {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final RunningProcess process;

    Wire(RunningProcess process) {
        this.process = process;
        process.awaitLine("ready", LIMIT);
    }

    private String ask(String command) {
        return process.ask(command, line -> true, LIMIT);
    }

    /** What has arrived since the start, or since {@link #zero()}. */
    Counts count() {
        return Counts.of(ask("count"));
    }

    /** Forgets what has arrived. */
    void zero() {
        assertThat(ask("zero")).isEqualTo("ok");
    }

    /** Sends frames at once. */
    void burst(int frames, String mark, Sender sender) {
        assertThat(ask("burst " + frames + " " + sender.frame(mark))).isEqualTo("sent " + frames);
    }

    /** Starts the victim's steady stream, numbered from 1. */
    void feed(int perSecond, Sender sender) {
        assertThat(ask("feed " + perSecond + " " + sender.frame("victim"))).isEqualTo("ok");
    }

    /** Stops it and returns how many frames it had. */
    long stop() {
        return Long.parseLong(ask("stop").replace("sent ", ""));
    }
}
