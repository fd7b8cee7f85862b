package io.sluice.worker.port.xdp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.sys.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second mapping of the same memory plays the kernel, with plain reads and writes. */
class RingTest {
    private static final int PRODUCER = 0;
    private static final int CONSUMER = 128;
    private static final int FLAGS = 196;
    private static final int DESC = 320;
    private static final int SIZE = 8;

    private Mapping mine;
    private Mapping kernels;
    private ByteBuffer kernel;

    @BeforeEach
    void mapTwice() throws SyscallException {
        try (Fd memory = Pools.memory(4096)) {
            mine = Mapping.of(memory, 0, 4096, "ring");
            kernels = Mapping.of(memory, 0, 4096, "ring");
        }
        kernel = kernels.bytes();
    }

    @AfterEach
    void unmap() {
        kernels.close();
        mine.close();
    }

    private Ring ring(boolean weProduce, int index) {
        kernel.putInt(PRODUCER, index).putInt(CONSUMER, index);
        return new Ring(mine, new Ring.Offsets(PRODUCER, CONSUMER, DESC, FLAGS), SIZE, weProduce);
    }

    /** Indices are unsigned 32 bits and run on for ever: start where they wrap, and where their sign changes. */
    @ParameterizedTest
    @ValueSource(ints = {0, 5, -3, -8, -1, Integer.MAX_VALUE - 2, Integer.MIN_VALUE})
    void whatTheKernelProducesIsConsumedInOrderAcrossTheWrap(int start) {
        Ring ring = ring(false, start);
        Random random = new Random(start);
        Deque<Long> expected = new ArrayDeque<>();
        int produced = start;
        for (int round = 0; round < 1_000; round++) {
            for (int n = random.nextInt(SIZE - expected.size() + 1); n > 0; n--) {
                long value = random.nextLong();
                kernel.putLong(DESC + (produced++ & SIZE - 1) * 8, value);
                expected.add(value);
            }
            kernel.putInt(PRODUCER, produced);
            assertThat(ring.available(SIZE)).isEqualTo(expected.size());
            int take = random.nextInt(expected.size() + 1);
            for (int i = 0; i < take; i++) {
                assertThat(ring.bytes.getLong(ring.at8(ring.own + i))).isEqualTo(expected.remove());
            }
            ring.own += take;
            ring.consumed();
            assertThat(kernel.getInt(CONSUMER)).isEqualTo(produced - expected.size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, -3, -8, -1, Integer.MAX_VALUE - 2, Integer.MIN_VALUE})
    void theKernelConsumesWhatWeProduceAndFreesItAcrossTheWrap(int start) {
        Ring ring = ring(true, start);
        Random random = new Random(start);
        Deque<Long> expected = new ArrayDeque<>();
        int consumed = start;
        for (int round = 0; round < 1_000; round++) {
            assertThat(ring.free(SIZE)).isEqualTo(SIZE - expected.size());
            int put = random.nextInt(SIZE - expected.size() + 1);
            for (int i = 0; i < put; i++) {
                long value = random.nextLong();
                int at = ring.at16(ring.own + i);
                ring.bytes.putLong(at, value).putLong(at + 8, ~value);
                expected.add(value);
            }
            ring.own += put;
            ring.publish();
            assertThat(kernel.getInt(PRODUCER)).isEqualTo(consumed + expected.size());
            assertThat(ring.pending()).isEqualTo(expected.size());
            for (int n = random.nextInt(expected.size() + 1); n > 0; n--) {
                int at = DESC + (consumed++ & SIZE - 1) * 16;
                long value = expected.remove();
                assertThat(kernel.getLong(at)).isEqualTo(value);
                assertThat(kernel.getLong(at + 8)).isEqualTo(~value);
            }
            kernel.putInt(CONSUMER, consumed);
        }
    }

    @Test
    void aFullRingHasNothingFreeAndAnEmptyOneNothingAvailable() {
        Ring produce = ring(true, -4);
        assertThat(produce.free(SIZE)).isEqualTo(SIZE);
        produce.own += SIZE;
        produce.publish();
        assertThat(produce.free(1)).isZero();
        assertThat(produce.pending()).isEqualTo(SIZE);

        Ring consume = ring(false, -4);
        assertThat(consume.available(SIZE)).isZero();
        kernel.putInt(PRODUCER, -4 + SIZE);
        assertThat(consume.available(SIZE)).isEqualTo(SIZE);
    }

    @Test
    void theKernelsIndexIsReadOnlyWhenTheLastKnownDoesNotSuffice() {
        Ring consume = ring(false, 0);
        kernel.putInt(PRODUCER, 2);
        assertThat(consume.available(1)).isEqualTo(2);
        kernel.putInt(PRODUCER, 5);
        assertThat(consume.available(2)).isEqualTo(2);
        assertThat(consume.available(3)).isEqualTo(5);

        Ring produce = ring(true, 0);
        produce.own += 6;
        produce.publish();
        kernel.putInt(CONSUMER, 4);
        assertThat(produce.free(2)).isEqualTo(2);
        assertThat(produce.free(3)).isEqualTo(6);
        kernel.putInt(CONSUMER, 6);
        assertThat(produce.pending()).isZero(); // always read anew
    }

    @Test
    void nothingIsPublishedBeforeItIsSaid() {
        Ring produce = ring(true, 7);
        produce.own += 3;
        assertThat(kernel.getInt(PRODUCER)).isEqualTo(7);
        produce.publish();
        assertThat(kernel.getInt(PRODUCER)).isEqualTo(10);
        assertThat(kernel.getInt(CONSUMER)).isEqualTo(7);

        Ring consume = ring(false, 7);
        kernel.putInt(PRODUCER, 10);
        consume.own += 2;
        assertThat(kernel.getInt(CONSUMER)).isEqualTo(7);
        consume.consumed();
        assertThat(kernel.getInt(CONSUMER)).isEqualTo(9);
        assertThat(kernel.getInt(PRODUCER)).isEqualTo(10);
    }

    @Test
    void aRingGoesOnWhereAnEarlierProcessStopped() {
        kernel.putInt(PRODUCER, 12).putInt(CONSUMER, 9);
        Ring.Offsets offsets = new Ring.Offsets(PRODUCER, CONSUMER, DESC, FLAGS);
        assertThat(new Ring(mine, offsets, SIZE, false).available(SIZE)).isEqualTo(3);
        Ring produce = new Ring(mine, offsets, SIZE, true);
        assertThat(produce.own).isEqualTo(12);
        assertThat(produce.free(SIZE)).isEqualTo(SIZE - 3);
    }

    @Test
    void onlyTheFirstFlagAsksForAWakeup() {
        Ring ring = ring(true, 0);
        assertThat(ring.needsWakeup()).isFalse();
        kernel.putInt(FLAGS, 1);
        assertThat(ring.needsWakeup()).isTrue();
        kernel.putInt(FLAGS, 2);
        assertThat(ring.needsWakeup()).isFalse();
    }
}
