package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Epoll;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class IdleStrategyTest {
    private Epoll epoll;

    @BeforeEach
    void open() throws SyscallException {
        epoll = new Epoll();
    }

    @AfterEach
    void close() {
        epoll.close();
    }

    @ParameterizedTest
    @CsvSource({"false, 50000", "true, 5000"})
    void adaptiveLooksAgainForSomeTimeBeforeItSleepsAndShorterWhereOthersWantTheCpu(boolean contended, long sleepsNs) {
        assertThat(IdleStrategy.ADAPTIVE.sleeps(0, contended)).isFalse();
        assertThat(IdleStrategy.ADAPTIVE.sleeps(sleepsNs - 1, contended)).isFalse();
        assertThat(IdleStrategy.ADAPTIVE.sleeps(sleepsNs, contended)).isTrue();
    }

    @Test
    void aSleepLastsUntilItIsWoken() throws InterruptedException {
        Thread sleeper = sleeper();
        epoll.wake();
        sleeper.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(sleeper.isAlive()).isFalse();
    }

    @Test
    void aWakeThatCameBeforeTheSleepIsNotLostAndCountsOnce() throws InterruptedException {
        epoll.wake();
        epoll.wake();
        IdleStrategy.sleep(false, epoll);
        Thread sleeper = sleeper();
        epoll.wake();
        sleeper.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(sleeper.isAlive()).isFalse();
    }

    private Thread sleeper() throws InterruptedException {
        Thread sleeper = new Thread(() -> IdleStrategy.sleep(false, epoll));
        sleeper.start();
        sleeper.join(50);
        assertThat(sleeper.isAlive()).isTrue();
        return sleeper;
    }

    @Test
    void aSleepIsShortWhileAPortWaitsForTheKernel() {
        IdleStrategy.sleep(true, epoll); // would last for ever if not for that
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void spinNeverSleeps(boolean contended) {
        assertThat(IdleStrategy.SPIN.sleeps(TimeUnit.DAYS.toNanos(365), contended))
                .isFalse();
    }
}
