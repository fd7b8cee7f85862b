package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class CountersTest {
    private static final String SNAPSHOT = """
            {"time_ns": 12, "ports": [
              {"port": "left", "counters": {"rx": 7, "tx": 0}},
              {"port": "right", "counters": {"rx": 9}}],
             "balance": {"received": 10, "sent": 6, "dropped": 3, "in_flight": 1, "created": 4, "merged": 1}}
            """;

    @Test
    void aCounterIsFoundByPortAndName() {
        Counters counters = Counters.of(SNAPSHOT);

        assertThat(counters.timeNs()).isEqualTo(12);
        assertThat(counters.value("left", "rx")).isEqualTo(7);
        assertThat(counters.value("left", "tx")).isZero();
        assertThat(counters.value("right", "rx")).isEqualTo(9);
    }

    @Test
    void whatIsNotThereIsAMistake() {
        assertThatThrownBy(() -> Counters.of(SNAPSHOT).value("right", "tx")).isInstanceOf(LabException.class);
        assertThatThrownBy(() -> Counters.of(SNAPSHOT).value("middle", "rx")).isInstanceOf(LabException.class);
    }

    @Test
    void theBalanceTellsWhatIsUnaccounted() {
        assertThat(Counters.of(SNAPSHOT).unaccounted()).isEqualTo(3);
    }
}
