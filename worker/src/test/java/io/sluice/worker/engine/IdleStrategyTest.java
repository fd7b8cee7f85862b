package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When an idle thread sleeps, in times of the test's own. */
class IdleStrategyTest {
    private static final long LEAST = Patience.LEAST;
    private static final long MOST = Patience.MOST;

    private final Patience patience = new Patience();

    /** Begins near the end of what a long holds: {@link System#nanoTime} may, and runs over. */
    private long now = Long.MAX_VALUE - LEAST;

    /** Waits for work that comes after {@code ns}; returns for how long it was awake. */
    private long waits(long ns) {
        long begin = now;
        long end = now + ns;
        long awake = 0;
        while (now - end < 0 && !IdleStrategy.ADAPTIVE.sleeps(patience, now)) {
            now = Math.min(now - begin + 1_000, ns) + begin;
            awake = now - begin;
        }
        now = end;
        patience.met(now);
        return awake;
    }

    @Test
    void withoutTrafficItSleepsSoon() {
        for (int i = 0; i < 10; i++) {
            assertThat(waits(1_000_000_000)).isEqualTo(LEAST);
        }
    }

    @Test
    void answersThatTakeTheSameTimeAreMetAwakeFromTheSecondOn() {
        for (long time : new long[] {LEAST / 2, LEAST + 5_000, 3 * LEAST, MOST / 2, MOST - 1_000}) {
            waits(time);
            for (int i = 0; i < 10; i++) {
                assertThat(waits(time)).isEqualTo(time);
            }
        }
    }

    @Test
    void oneThatTakesTwiceAsLongNowAndThenIsMetAwakeToo() {
        waits(40_000);
        assertThat(waits(75_000)).isEqualTo(75_000);
    }

    @Test
    void afterTrafficItsPatienceIsSoonBackWhereItWas() {
        waits(MOST);
        waits(MOST);
        long awake = 0;
        for (int i = 0; i < 4; i++) {
            awake += waits(10_000_000);
        }
        assertThat(awake).isLessThanOrEqualTo(2 * MOST);
        assertThat(waits(10_000_000)).isEqualTo(LEAST);
    }

    @Test
    void whatComesOnceAMillisecondIsNotWorthAProcessor() {
        for (int i = 0; i < 100; i++) {
            waits(1_000_000);
        }
        assertThat(waits(1_000_000)).isEqualTo(LEAST);
    }

    @Test
    void itSleepsOnWhenItWasWokenForNothing() {
        waits(MOST);
        assertThat(IdleStrategy.ADAPTIVE.sleeps(patience, now)).isFalse();
        now += MOST;
        assertThat(IdleStrategy.ADAPTIVE.sleeps(patience, now)).isTrue();
        now += 5 * MOST;
        assertThat(IdleStrategy.ADAPTIVE.sleeps(patience, now)).isTrue();
    }

    @Test
    void othersMayHaveTheProcessorOnceItHasLookedForLong() {
        patience.lasts(now);
        assertThat(patience.isLong(now + LEAST - 1)).isFalse();
        assertThat(patience.isLong(now + LEAST)).isTrue();
        patience.met(now + LEAST);
        assertThat(patience.isLong(now + LEAST)).isFalse();
    }

    @Test
    void spinNeverSleeps() {
        assertThat(IdleStrategy.SPIN.sleeps(patience, now)).isFalse();
        assertThat(IdleStrategy.SPIN.sleeps(patience, now + 1_000 * MOST)).isFalse();
    }
}
