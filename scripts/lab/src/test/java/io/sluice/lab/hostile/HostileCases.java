package io.sluice.lab.hostile;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.opentest4j.TestAbortedException;

/**
 * Cases that share a ground: one broker and one victim, which must still have lost nothing after each of them. Cases are
 * numbered as in the table of docs/security.md. Each comes twice: as it is defended, and as it succeeds without the
 * defence.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HostileCases {
    @RegisterExtension
    final CaseLog log = new CaseLog();

    private Ground ground;
    private TestAbortedException impossible;

    /** Makes the ground. */
    abstract Ground makeGround();

    /** The ground. */
    final Ground ground() {
        return ground;
    }

    @BeforeAll
    void openGround() {
        try {
            ground = makeGround();
        } catch (TestAbortedException e) {
            impossible = e; // each test says so, not the class once
        }
    }

    @AfterAll
    void closeGround() {
        if (ground != null) {
            ground.close();
        }
    }

    @BeforeEach
    void startStream() {
        if (impossible != null) {
            throw impossible;
        }
        ground.stream();
        ground.left().zero();
        ground.right().zero();
    }

    @AfterEach
    void theVictimHasLostNothing() {
        if (impossible != null) {
            return;
        }
        try {
            if (log.isDefended()) {
                ground.unharmed();
            }
        } finally {
            ground.forgetAttackers();
        }
    }
}
