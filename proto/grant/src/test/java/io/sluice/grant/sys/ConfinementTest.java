package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What a list does is tested with the lists: RefusalsKernelTest of scripts/lab. */
final class ConfinementTest {
    @Test
    void aListThatWasNotBuiltIsAnErrorAndNotNoFilter() {
        assertThatThrownBy(() -> Confinement.restrictTo("nothing"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/seccomp/nothing.")
                .hasMessageContaining("was built for this architecture");
    }
}
