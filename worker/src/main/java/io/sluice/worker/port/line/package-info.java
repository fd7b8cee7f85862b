/**
 * How ports of ordinary sockets come by them: addresses, and lines ({@link io.sluice.worker.port.line.Line}), which listen,
 * connect, and find the peer again when it was gone. All of it in the duty cycle, without a thread.
 */
package io.sluice.worker.port.line;
