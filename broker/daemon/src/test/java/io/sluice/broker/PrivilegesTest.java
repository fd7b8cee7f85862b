package io.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PrivilegesTest {
    private static final String FOUR = "0000008000007000";
    private static final String WITH_JAILS = "0000008000207000";
    private static final String NONE = "0000000000000000";

    @Test
    void whatIsNeededIsEnough() {
        assertThat(Privileges.complaints(status(FOUR, FOUR, NONE), false)).isEmpty();
        assertThat(Privileges.complaints(status(WITH_JAILS, WITH_JAILS, WITH_JAILS), false))
                .isEmpty();
    }

    @Test
    void whatIsMissingIsNamedWithItsReason() {
        assertThat(Privileges.complaints(status("0000000000007000", FOUR, NONE), true))
                .containsExactly("CAP_BPF is missing (loading programs and making maps)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"})
    void oneTooManyInAnySetIsTooMany(String set) {
        List<String> status = status(FOUR, FOUR, NONE).stream()
                .map(line -> line.startsWith(set) ? set + ":\t0000008000007001" : line)
                .toList();

        assertThat(Privileges.complaints(status, false))
                .containsExactly(set + " has capabilities that it has no use for (0000000000000001)");
        assertThat(Privileges.complaints(status, true)).isEmpty();
    }

    @Test
    void execMustNotGiveMore() {
        List<String> status = status(FOUR, FOUR, NONE).stream()
                .map(line -> line.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0"))
                .toList();

        assertThat(Privileges.complaints(status, false)).containsExactly("no_new_privs is not set");
    }

    private static List<String> status(String effective, String bounding, String ambient) {
        return List.of(
                "Name:\tjava",
                "CapInh:\t" + effective,
                "CapPrm:\t" + effective,
                "CapEff:\t" + effective,
                "CapBnd:\t" + bounding,
                "CapAmb:\t" + ambient,
                "NoNewPrivs:\t1");
    }
}
