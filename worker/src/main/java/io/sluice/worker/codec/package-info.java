/**
 * The headers of tunnels, one class each: pure functions over a frame pool's memory, and sessions that hold what little
 * state a tunnel has. What comes from the network is a header length or a {@link io.sluice.worker.codec.Drop}, never an
 * exception. Hot: no allocation, no lock, no log.
 *
 * <pre>
 *  Encapsulation (what a tunnel is configured to be, checked)  -- open() -->  Session (one tunnel's state)
 *  Protocol.key(...)   which tunnel a packet belongs to, from the fixed part: many tunnels share a socket
 *  Session.strip(...)  how long its header is
 *  Session.encapsulate(...)  writes the header before a packet
 * </pre>
 */
package io.sluice.worker.codec;
