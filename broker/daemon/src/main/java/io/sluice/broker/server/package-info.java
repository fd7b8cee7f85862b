/**
 * Connections and operations. One thread owns everything: it polls the sockets, runs one operation at a time, and never
 * waits for a client. {@link io.sluice.broker.server.Operations} is the full list of what privilege can be asked to do.
 */
package io.sluice.broker.server;
