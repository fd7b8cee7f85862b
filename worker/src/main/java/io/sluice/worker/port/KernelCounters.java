package io.sluice.worker.port;

import java.util.Map;

/** What the kernel counts about a port's sockets: frames that never reached the port. Cold; not part of the balance. */
public interface KernelCounters {
    /** Name, beginning with {@code kernel_}, to value since the port was made. Called by one thread at a time. */
    Map<String, Long> read();
}
