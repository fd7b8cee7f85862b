package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Epoll;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class IdleStrategyTest {
    private static final long SLEEPS_NS = 50_000;

    private Epoll epoll;

    @BeforeEach
    void open() throws SyscallException {
        epoll = new Epoll();
    }

    @AfterEach
    void close() {
        epoll.close();
    }

    @Test
    void adaptiveLooksAgainForSomeTimeBeforeItSleeps() {
        for (long idleNs = 0; idleNs < SLEEPS_NS; idleNs += 10) {
            IdleStrategy.ADAPTIVE.idle(idleNs, false, epoll); // would sleep for ever
        }
    }

    @Test
    void adaptiveSleepsUntilItIsWoken() throws InterruptedException {
        Thread sleeper = new Thread(() -> IdleStrategy.ADAPTIVE.idle(SLEEPS_NS, false, epoll));
        sleeper.start();
        sleeper.join(50);
        assertThat(sleeper.isAlive()).isTrue();
        epoll.wake();
        sleeper.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(sleeper.isAlive()).isFalse();
    }

    @Test
    void aWakeThatCameBeforeTheSleepIsNotLostAndCountsOnce() throws InterruptedException {
        epoll.wake();
        epoll.wake();
        IdleStrategy.ADAPTIVE.idle(SLEEPS_NS, false, epoll);
        Thread sleeper = new Thread(() -> IdleStrategy.ADAPTIVE.idle(SLEEPS_NS, false, epoll));
        sleeper.start();
        sleeper.join(50);
        assertThat(sleeper.isAlive()).isTrue();
        epoll.wake();
        sleeper.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(sleeper.isAlive()).isFalse();
    }

    @Test
    void adaptiveComesBackSoonWhileAPortWaitsForTheKernel() {
        IdleStrategy.ADAPTIVE.idle(Long.MAX_VALUE, true, epoll); // would sleep for ever if not for pending
    }

    @Test
    void spinNeverSleeps() {
        assertThatCode(() -> IdleStrategy.SPIN.idle(Long.MAX_VALUE, false, epoll))
                .doesNotThrowAnyException();
        IdleStrategy.SPIN.idle(0, true, epoll);
    }
}
