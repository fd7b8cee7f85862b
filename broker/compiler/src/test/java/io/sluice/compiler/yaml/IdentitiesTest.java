package io.sluice.compiler.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.broker.policy.Identity;
import org.junit.jupiter.api.Test;

class IdentitiesTest {
    @Test
    void theHostsOwnNamesAreLookedUp() {
        assertThat(Identities.libc().find(Identity.Kind.UID, "root")).hasValue(0);
        assertThat(Identities.libc().find(Identity.Kind.GID, "root")).hasValue(0);
        assertThat(Identities.libc().find(Identity.Kind.UID, "no-such-user-here"))
                .isEmpty();
        assertThat(Identities.libc().find(Identity.Kind.GID, "no-such-group-here"))
                .isEmpty();
    }
}
