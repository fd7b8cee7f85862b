/**
 * The command line, {@code sluice}: a client of the worker's and the gateway's gRPC services. docs/cli.md describes it for
 * its users.
 *
 * <p>Every invocation is a process of its own, so start-up time decides: commands are made when they are named
 * ({@link io.sluice.cli.Commands}), and {@code train} loads what they load for the JVM's archive.
 */
package io.sluice.cli;
