/**
 * Ports of sockets that keep message boundaries, a frame a message (unix(7) seqpacket and datagram, udp(7)): QEMU's dgram,
 * User Mode Linux's bess and fd.
 */
package io.sluice.worker.port.message;
