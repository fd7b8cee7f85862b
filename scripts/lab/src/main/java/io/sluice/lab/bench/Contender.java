package io.sluice.lab.bench;

import io.sluice.lab.RunningProcess;
import java.util.Optional;

/** Something that does the work of a benchmark: Sluice or a peer. */
interface Contender {
    /** Its name in tables and JSON. */
    String name();

    /** Why it cannot take part; empty if it can. */
    Optional<String> missing(Rig rig);

    /** Starts it on the rig's devices; it works when this returns. */
    Running start(Rig rig);

    /** A contender at work. Closing it gives the devices back. */
    interface Running extends AutoCloseable {
        /** The process that does the work; empty if the kernel does. */
        Optional<RunningProcess> process();

        /** Frames that it says it has received; only asked for {@link Work#RX}. */
        default Sample received() {
            throw new UnsupportedOperationException("this contender does not count");
        }

        @Override
        void close();
    }
}
