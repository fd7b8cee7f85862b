package io.sluice.cli;

import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;

/**
 * What a command sees of the world.
 *
 * @param environment the process' environment
 * @param out results, buffered: flushed by {@link Main}, or by a command that goes on
 * @param err one line when something fails
 * @param clock for ages
 * @param screen whether {@code out} is a terminal, so that a watching command may clear it
 */
record Terminal(
        Map<String, String> environment, PrintStream out, PrintStream err, InstantSource clock, boolean screen) {
    /** Whether stack traces are wanted. */
    boolean debug() {
        return "1".equals(environment.get("SLUICE_DEBUG"));
    }
}
