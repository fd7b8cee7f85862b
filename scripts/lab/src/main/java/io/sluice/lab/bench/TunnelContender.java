package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.util.Optional;

/** Something that builds a tunnel: Sluice, or a peer. */
interface TunnelContender {
    /** Its name in tables and JSON. */
    String name();

    /** Why it cannot take part in a row; empty if it can. */
    Optional<String> missing(TunnelRow row);

    /** Builds the tunnel of a row; frames cross it when this returns. */
    Running start(TunnelRow row);

    /** A tunnel at work. Closing it gives the devices back. */
    interface Running extends AutoCloseable {
        /** The process of the near end; empty if the kernel does the work. */
        Optional<RunningProcess> process();

        /** Puts the threads that move packets on a CPU: those of the near end and, if it is a process too, of the far one. */
        void pin(String nearCpu, String farCpu);

        @Override
        void close();
    }
}
