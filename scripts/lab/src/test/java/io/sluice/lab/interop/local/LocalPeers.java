package io.sluice.lab.interop.local;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.lab.Command;
import io.sluice.lab.RunningProcess;
import io.sluice.lab.interop.InteropLog;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests of one peer, which share a network. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LocalPeers {
    /** Another one of PATH may be out of reach for the worker's user. */
    static final String PYTHON = "/usr/bin/python3";

    private static final Duration LIMIT = Duration.ofSeconds(10);

    @RegisterExtension
    final InteropLog log = new InteropLog();

    private Crossing crossing;

    /** Made when it is first needed. */
    final Crossing crossing() {
        if (crossing == null) {
            crossing = Crossing.make();
        }
        return crossing;
    }

    /** Leaves the test out, after it has said what it speaks, if a program is not installed. */
    static void needs(String program, String debian) {
        boolean there = RunningProcess.run(Command.of("sh", "-c", "command -v " + program), LIMIT)
                .succeeded();
        assumeTrue(there, program + " is not installed (Debian: " + debian + ")");
    }

    /** Pings and TCP. */
    final void exchange() {
        log.saw(crossing().pings());
        log.saw(crossing().tcp());
    }

    @AfterEach
    void reset() {
        if (crossing != null) {
            crossing.reset();
        }
    }

    @AfterAll
    void close() {
        if (crossing != null) {
            crossing.close();
        }
    }
}
