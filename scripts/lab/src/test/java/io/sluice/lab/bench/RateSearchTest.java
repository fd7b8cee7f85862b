package io.sluice.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.lab.bench.RateSearch.Trial;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RateSearchTest {
    private static final double LIMIT = 1_860_000;
    private static final double LEAST = 100_000;
    private static final RateSearch SEARCH = new RateSearch(1000, LEAST);

    private final List<Double> tried = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(doubles = {0, 1_330_000, 1_860_000, 4_000_000})
    void theLimitIsFoundFromAboveAndFromBelow(double guess) {
        Trial found = SEARCH.from(guess, this::forwarder);

        assertThat(found.offered()).isBetween(LIMIT / 1.03, LIMIT);
        assertThat(found.lost()).isZero();
        assertThat(tried).hasSizeLessThan(30);
    }

    @Test
    void oneStallDoesNotEndTheSearch() {
        Trial found = SEARCH.from(1_000_000, rate -> {
            Trial trial = forwarder(rate);
            return tried.size() == 1 ? new Trial(rate, 50_000, 1) : trial;
        });

        assertThat(found.offered()).isBetween(LIMIT / 1.03, LIMIT);
    }

    @Test
    void aLoadThatCanDoNoMoreEndsIt() {
        Trial found = SEARCH.from(1_000_000, rate -> {
            tried.add(rate);
            return new Trial(Math.min(rate, 1_200_000), 0, 1);
        });

        assertThat(found.offered()).isEqualTo(1_200_000);
    }

    @Test
    void whatLosesAtEveryRateHasNone() {
        Trial found = SEARCH.from(1_000_000, rate -> {
            tried.add(rate);
            return new Trial(rate, 1001, 1);
        });

        assertThat(found).isEqualTo(Trial.NONE);
        assertThat(tried).contains(LEAST).allMatch(rate -> rate >= LEAST);
    }

    @Test
    void asMuchMayBeLostAsIsAllowed() {
        assertThat(SEARCH.from(1_000_000, rate -> new Trial(Math.min(rate, 1_000_000), 1000, 1))
                        .offered())
                .isEqualTo(1_000_000);
    }

    /** Loses all above its limit. */
    private Trial forwarder(double rate) {
        tried.add(rate);
        return new Trial(rate, rate > LIMIT ? (rate - LIMIT) / rate * 1e6 + 1001 : 0, 1);
    }
}
