package io.sluice.grant.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/**
 * A buffer keeps its memory while the kernel may write into it. jnr-ffi alone lets go of it once it has its address, which
 * the collector makes use of as soon as the methods on the way are compiled by C1: hence the many calls before.
 */
class KeptBufferTest {
    /** A call that waits, and writes at its end. */
    public interface Poll {
        Poll LIBC = Native.libc(Poll.class);

        /** poll(2). */
        int poll(ByteBuffer set, long count, int timeoutMs);
    }

    private static final int WARM = 3000;
    private static final int CALLS = 8;
    private static final int WAIT_MS = 1500;

    private final ReferenceQueue<ByteBuffer> freed = new ReferenceQueue<>();
    private final Set<PhantomReference<ByteBuffer>> watched = ConcurrentHashMap.newKeySet();

    @Test
    void aBufferThatNobodyUsesAfterwardsIsThereUntilTheCallReturns() throws Exception {
        for (int i = 0; i < WARM; i++) {
            call(0);
        }
        freed.remove(200); // time for the compiler
        watched.clear();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            Thread thread = new Thread(() -> call(WAIT_MS), "call " + i);
            threads.add(thread);
            thread.start();
        }
        List<Object> gone = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            System.gc();
            var reference = freed.remove(100);
            while (reference != null) {
                if (watched.contains(reference)) {
                    gone.add(reference);
                }
                reference = freed.poll();
            }
        }
        assertThat(threads).as("still in the call").allMatch(Thread::isAlive);
        assertThat(watched).hasSize(CALLS);
        assertThat(gone).as("buffers without memory").isEmpty();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private int call(int timeoutMs) {
        ByteBuffer buffer = Native.allocate(8).putInt(0, -1);
        watched.add(new PhantomReference<>(buffer, freed));
        return Poll.LIBC.poll(buffer, 1, timeoutMs);
    }
}
