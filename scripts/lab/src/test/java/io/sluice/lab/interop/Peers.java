package io.sluice.lab.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests of one peer that share a worker; each adds its tunnel and removes it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Peers {
    @RegisterExtension
    final InteropLog log = new InteropLog();

    private Ferry ferry;

    final Ferry ferry() {
        return ferry;
    }

    @BeforeAll
    void launch() {
        ferry = Ferry.launch();
        try {
            prepare();
        } catch (RuntimeException e) {
            ferry.close();
            throw e;
        }
    }

    /** Makes what the peer needs once. */
    void prepare() {}

    /** Leaves the test out, after it has said what it speaks, if a program is not installed. */
    final void needs(String program, String debian) {
        assumeTrue(Ferry.has(program), program + " is not installed (Debian: " + debian + ")");
    }

    @AfterEach
    void untie() {
        ferry.untie();
    }

    @AfterAll
    void land() {
        ferry.close();
    }
}
