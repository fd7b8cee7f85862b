/** Ports of stream sockets, with QEMU's framing: a length of 4 bytes, big-endian, and so many bytes of frame. */
package io.sluice.worker.port.stream;
