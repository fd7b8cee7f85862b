package io.sluice.worker.conductor.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.v1.GrantRequest;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PortPlanTest {
    private static PortPlan plan(String name, int depth, int mtu) {
        return new PortPlan(
                name,
                new Granted(new GrantRef.Named("lan"), GrantRequest.getDefaultInstance()),
                depth,
                mtu == 0 ? Optional.empty() : Optional.of(mtu));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "7", "up.link-0_x", "abcdefghijklmnopqrstuvwxyz012345"})
    void ordinaryNamesAreTaken(String name) {
        assertThat(plan(name, 1, 68).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-a", ".a", "_a", "a b", "a/b", "a\nb", "a\n", "abcdefghijklmnopqrstuvwxyz0123456", "\u00e4"
            })
    void otherNamesAreRefused(String name) {
        assertThatThrownBy(() -> plan(name, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("port name \"" + name + "\": 1 to 32 letters, digits, '_', '.' or '-' are expected, "
                        + "the first a letter or digit");
    }

    @Test
    void aLongNameIsNotRepeatedWhole() {
        assertThatThrownBy(() -> plan("x".repeat(100_000), 1, 0)).message().hasSizeLessThan(200);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "256, 0", "1, 68", "256, 65535"})
    void theLimitsThemselvesArePossible(int depth, int mtu) {
        assertThat(plan("a", depth, mtu).depth()).isEqualTo(depth);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, depth 0: 1 to 256 is expected",
        "257, 0, depth 257: 1 to 256 is expected",
        "-1, 0, depth -1: 1 to 256 is expected",
        "1, 67, mtu 67: 68 to 65535 bytes are expected",
        "1, 65536, mtu 65536: 68 to 65535 bytes are expected",
        "1, -1, mtu -1: 68 to 65535 bytes are expected"
    })
    void whatLiesBeyondIsRefused(int depth, int mtu, String message) {
        assertThatThrownBy(() -> plan("a", depth, mtu))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
