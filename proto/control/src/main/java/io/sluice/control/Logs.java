package io.sluice.control;

import java.util.logging.Level;
import java.util.logging.Logger;

/** How the unprivileged processes log: one line an event, to standard error. */
public final class Logs {
    /** Kept, as the log manager holds loggers weakly and would forget the level. */
    private static final Logger NETTY = Logger.getLogger("io.netty");

    private Logs() {}

    /** To be called before anything logs. */
    public static void configure() {
        System.setProperty("java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
        // Netty warns, with a stack trace, that a network namespace without devices has no devices.
        NETTY.setLevel(Level.SEVERE);
    }
}
