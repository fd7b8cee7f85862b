package io.sluice.worker.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CountersTest {
    private final Counters counters = new Counters();

    @ParameterizedTest
    @EnumSource(PortCounter.class)
    void eachCounterIsItsOwn(PortCounter counter) {
        counters.add(counter, 3);
        counters.add(counter, 4);
        for (PortCounter other : PortCounter.values()) {
            assertThat(counters.get(other)).isEqualTo(other == counter ? 7 : 0);
        }
    }

    @ParameterizedTest
    @EnumSource(PortCounter.class)
    void eachCounterSaysWhatItCounts(PortCounter counter) {
        assertThat(counter.label())
                .matches("(rx|tx|peer)_[a-z_]+")
                .isEqualTo(counter.name().toLowerCase(java.util.Locale.ROOT));
        assertThat(counter.unit()).isIn("packets", "bytes", "vectors", "calls", "times");
        assertThat(counter.meaning()).matches("[A-Z].*\\.");
        assertThat(counter.isDrop()).isEqualTo(counter.label().contains("_drop_"));
        if (counter.isDrop()) {
            assertThat(counter.unit()).isEqualTo("packets");
        }
    }

    @Test
    void everyDropAndNothingElseIsDropped() {
        Set<PortCounter> drops = EnumSet.noneOf(PortCounter.class);
        Arrays.stream(PortCounter.values()).filter(PortCounter::isDrop).forEach(drops::add);
        assertThat(drops).hasSize(29);
        for (PortCounter counter : PortCounter.values()) {
            counters.add(counter, 1);
        }
        assertThat(counters.dropped()).isEqualTo(drops.size());
        assertThat(counters.received()).isEqualTo(1);
        assertThat(counters.sent()).isEqualTo(1);
    }

    @Test
    void aCopyDoesNotChangeAnyMore() {
        counters.add(PortCounter.RX_PACKETS, 5);
        Counters copy = counters.copy();
        counters.add(PortCounter.RX_PACKETS, 1);
        assertThat(copy.received()).isEqualTo(5);
    }

    @Test
    void totalsAddUpCounterByCounter() {
        counters.add(PortCounter.RX_PACKETS, 5);
        Counters other = new Counters();
        other.add(PortCounter.RX_PACKETS, 2);
        other.add(PortCounter.TX_DROP_FULL, 1);
        counters.addAll(other);
        assertThat(counters.received()).isEqualTo(7);
        assertThat(counters.dropped()).isEqualTo(1);
        assertThat(other.received()).isEqualTo(2);
    }
}
