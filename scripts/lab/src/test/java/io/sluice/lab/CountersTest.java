package io.sluice.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CountersTest {
    private static final String SNAPSHOT = """
            {"timeNs": "12", "ports": [
              {"port": "left", "counters": [{"name": "rx", "value": "7"}, {"name": "tx"}]},
              {"port": "right", "counters": [{"name": "rx", "value": "9"}]}]}
            """;

    @Test
    void aCounterIsFoundByPortAndName() {
        Counters counters = Counters.of(SNAPSHOT);

        assertThat(counters.timeNs()).isEqualTo(12);
        assertThat(counters.value("left", "rx")).isEqualTo(7);
        assertThat(counters.value("right", "rx")).isEqualTo(9);
    }

    @Test
    void whatIsNotMentionedIsZero() {
        assertThat(Counters.of(SNAPSHOT).value("left", "tx")).isZero();
        assertThat(Counters.of(SNAPSHOT).value("middle", "rx")).isZero();
    }
}
