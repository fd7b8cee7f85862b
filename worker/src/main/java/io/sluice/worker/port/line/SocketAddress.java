package io.sluice.worker.port.line;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where a socket is, or is to be. */
public sealed interface SocketAddress permits UnixPath, HostPort {
    /**
     * Its sockaddr, as long as the buffer's capacity. Cold: may ask a name server.
     *
     * @throws IOException the host is unknown
     */
    ByteBuffer encode() throws IOException;
}
