/**
 * Tunnels: ports that share a UDP or raw IP socket, their underlay.
 *
 * <pre>
 *  TunnelQueue  TunnelQueue  TunnelQueue   each a port, with a codec's session
 *      |  ^         |  ^         |  ^
 *   Sender |     one queue    Backlog       what waits, in arrays that all ports of the socket share
 *      |   |                     |
 *      v   +------ Receiver -----+          recvmmsg, UDP_GRO, AddressTable: (peer, key) to port
 *   sendmmsg, UDP_SEGMENT
 * </pre>
 *
 * Hot: no allocation, no lock, no log.
 */
package io.sluice.worker.port.tunnel;
