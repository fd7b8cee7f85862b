package io.sluice.fuzzing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What this thread has used since the object was made: CPU time, which the machine's other work does not change, and bytes
 * of heap. The first run of code, which loads and rewrites classes, uses many times what the next does.
 */
public final class Effort {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final long cpu = THREADS.getCurrentThreadCpuTime();
    private final long allocated = THREADS.getCurrentThreadAllocatedBytes();

    /** Fails if it was more CPU time than that. */
    public void within(Duration most) {
        assertThat(Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - cpu))
                .as("CPU time")
                .isLessThanOrEqualTo(most);
    }

    /** Fails if more bytes than that were allocated. */
    public void withinBytes(long most) {
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - allocated)
                .as("bytes allocated")
                .isLessThanOrEqualTo(most);
    }
}
