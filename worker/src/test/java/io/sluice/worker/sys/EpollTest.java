package io.sluice.worker.sys;

import static io.sluice.worker.sys.WorkerCalls.LIBC;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EpollTest {
    private static final int CLOEXEC_NONBLOCK = 0x80800;
    private static final int SLEEP_MS = 200;

    private Epoll epoll;
    private Fd shared;

    @BeforeEach
    void open() throws Exception {
        epoll = new Epoll();
        shared = Fd.owned(LIBC.eventfd(0, CLOEXEC_NONBLOCK), "eventfd");
    }

    @AfterEach
    void close() {
        epoll.close();
        shared.close();
    }

    @Test
    void aDescriptorThatSeveralPortsShareWakesUntilTheLastHasLeft() throws Exception {
        epoll.add(shared);
        epoll.add(shared);
        epoll.add(shared);
        assertThat(wakes()).isTrue();
        epoll.remove(shared);
        epoll.remove(shared);
        assertThat(wakes()).isTrue();
        epoll.remove(shared);
        assertThat(wakes()).isFalse();
        epoll.remove(shared);
        epoll.add(shared);
        assertThat(wakes()).isTrue();
    }

    @Test
    void descriptorsOfAnyNumberAreKeptApart() throws Exception {
        Fd[] many = new Fd[200];
        for (int i = 0; i < many.length; i++) {
            many[i] = Fd.owned(LIBC.eventfd(0, CLOEXEC_NONBLOCK), "eventfd");
            epoll.add(many[i]);
        }
        epoll.add(shared);
        for (Fd fd : many) {
            epoll.remove(fd);
            fd.close();
        }
        assertThat(wakes()).isTrue();
    }

    @Test
    void aClosedDescriptorsNumberIsWatchedAgainForItsNextOwner() throws Exception {
        epoll.add(shared);
        int number = shared.number();
        Fd closed = shared;
        closed.close();
        shared = Fd.owned(LIBC.eventfd(0, CLOEXEC_NONBLOCK), "eventfd");
        assertThat(shared.number()).isEqualTo(number);
        epoll.add(shared);
        epoll.remove(closed);
        assertThat(wakes()).isTrue();
    }

    /** Whether the shared descriptor, made readable, ends a sleep. */
    private boolean wakes() {
        ByteBuffer one = Native.allocate(8).putLong(0, 1);
        LIBC.write(shared.number(), Native.address(one), 8);
        long start = System.nanoTime();
        epoll.await(SLEEP_MS);
        boolean ended = System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(SLEEP_MS);
        LIBC.read(shared.number(), Native.address(one), 8);
        return ended;
    }
}
