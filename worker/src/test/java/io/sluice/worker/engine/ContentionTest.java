package io.sluice.worker.engine;

import static io.sluice.worker.engine.Contention.LASTS_NS;
import static io.sluice.worker.engine.Contention.WINDOWS;
import static io.sluice.worker.engine.Contention.WINDOW_NS;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.sys.Affinity;
import io.sluice.worker.sys.ThreadClock;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ContentionTest {
    private static final long BUSY = WINDOW_NS / 10;

    private long now = Long.MAX_VALUE - WINDOW_NS; // so that it goes over, as nanoTime may
    private long cpu;
    private final Contention contention = new Contention(now, () -> cpu);

    /** Lets as many windows pass; of each, others run for so long and the thread sleeps for so long. */
    private boolean pass(int windows, long othersNs, long sleptNs) {
        boolean there = false;
        for (int i = 0; i < windows; i++) {
            now += WINDOW_NS;
            cpu += WINDOW_NS - othersNs - sleptNs;
            contention.slept(sleptNs);
            there = contention.isThere(now);
        }
        return there;
    }

    @Test
    void thereIsNoneWhileTheThreadRunsOrSleeps() {
        assertThat(contention.isThere(now)).isFalse();
        assertThat(pass(100, 0, 0)).isFalse();
        assertThat(pass(100, 0, WINDOW_NS / 2)).isFalse();
        assertThat(pass(100, 0, WINDOW_NS)).isFalse();
    }

    @Test
    void othersThatRunAgainAndAgainAreNoticed() {
        assertThat(pass(WINDOWS - 1, BUSY, WINDOW_NS / 2)).isFalse();
        assertThat(pass(1, BUSY, WINDOW_NS / 2)).isTrue();
    }

    @Test
    void onePreemptionIsNoContentionHoweverLong() {
        for (int i = 0; i < 100; i++) {
            assertThat(pass(WINDOWS - 1, WINDOW_NS, 0)).isFalse();
            assertThat(pass(1, 0, 0)).isFalse();
        }
    }

    @Test
    void aLittleEveryTimeIsNone() {
        assertThat(pass(100, WINDOW_NS / 50, 0)).isFalse();
    }

    @Test
    void itLastsForSomeTimeAfterItWasLastSeen() {
        pass(WINDOWS, BUSY, 0);
        int windows = (int) (LASTS_NS / WINDOW_NS);
        assertThat(pass(windows - 1, 0, 0)).isTrue();
        assertThat(pass(1, 0, 0)).isFalse();
        assertThat(pass(WINDOWS, BUSY, 0)).isTrue();
    }

    @Test
    void aLongSleepIsNone() {
        assertThat(pass(WINDOWS - 1, BUSY, 0)).isFalse();
        now += TimeUnit.DAYS.toNanos(2);
        contention.slept(TimeUnit.DAYS.toNanos(2));
        assertThat(contention.isThere(now)).isFalse();
    }

    /** A thread beside another one that wants the same CPU all the time. */
    @Test
    void theKernelsClockTellsOfAThreadOnTheSameCpu() throws Exception {
        int cpuNumber = Affinity.allowed().length() - 1;
        FutureTask<Void> hog = new FutureTask<>(() -> {
            Affinity.pin(cpuNumber);
            while (!Thread.interrupted()) {
                Thread.onSpinWait();
            }
            return null;
        });
        Thread hogging = new Thread(hog);
        FutureTask<Boolean> seen = new FutureTask<>(() -> {
            Affinity.pin(cpuNumber);
            ThreadClock clock = new ThreadClock();
            Contention beside = new Contention(System.nanoTime(), clock::cpuNs);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (System.nanoTime() - end < 0) {
                if (beside.isThere(System.nanoTime())) {
                    return true;
                }
            }
            return false;
        });
        hogging.start();
        try {
            Thread looking = new Thread(seen);
            looking.start();
            assertThat(seen.get()).isTrue();
            looking.join();
        } finally {
            hogging.interrupt();
            hogging.join();
        }
    }
}
