package io.sluice.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Runs commands in this process, with an environment and a clock of their own. */
final class Cli {
    /** When it is for every command: 2026-11-21T12:00:00Z. */
    static final long NOW_MS = 1_795_262_400_000L;

    final Map<String, String> environment = new HashMap<>();

    /**
     * What came of a command.
     *
     * @param out standard output, with its newlines
     * @param err standard error, with its newlines
     */
    record Result(int code, String out, String err) {}

    Result run(String... words) {
        return with(terminal -> Main.run(terminal, words));
    }

    /** Runs anything that has a terminal and ends with a code. */
    Result with(ToIntFunction<Terminal> command) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream printer = new PrintStream(out, false, StandardCharsets.UTF_8);
        Terminal terminal = new Terminal(
                environment,
                printer,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                InstantSource.fixed(Instant.ofEpochMilli(NOW_MS)),
                false);
        int code = command.applyAsInt(terminal);
        printer.flush();
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** {@code words} split at blanks. */
    Result line(String words) {
        return run(words.split(" ", -1));
    }
}
