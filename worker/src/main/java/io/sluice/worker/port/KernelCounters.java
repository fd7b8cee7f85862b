package io.sluice.worker.port;

import java.util.Map;

/** What the kernel counts about a port's sockets: frames that never reached the port. Cold; not part of the balance. */
public interface KernelCounters {
    /**
     * Name to value since the port was made; {@code kernel_...}, and {@code underlay_...} for what tunnels that share a socket
     * can't be told apart by. Called by one thread at a time.
     */
    Map<String, Long> read();
}
