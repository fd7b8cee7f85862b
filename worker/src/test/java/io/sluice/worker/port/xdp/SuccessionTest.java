package io.sluice.worker.port.xdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.sys.Mapping;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A queue that dies at any step of what it does, over plain memory in which the test plays the kernel. Whatever
 * happened before, its successor must have each frame once: free, or with the kernel.
 */
class SuccessionTest {
    private static final int FRAME = 2048;
    private static final int FRAMES = 40;
    private static final int LARGE = 6;
    private static final int LEDGER = FRAMES * FRAME + LARGE * FramePool.LARGE_FRAME;
    private static final int ENTRIES = 8;
    private static final int PRODUCER = 0;
    private static final int CONSUMER = 64;
    private static final int FLAGS = 128;
    private static final int DESC = 192;

    /** Ends the queue between two of its steps. */
    private static final class Death extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Shared memory of one ring, and what the kernel does with it. */
    private static final class Shared implements AutoCloseable {
        final Fd memory;
        final boolean weProduce;
        final Ring kernels;

        Shared(boolean weProduce, int start) throws Exception {
            this.memory = Pools.memory(4096);
            this.weProduce = weProduce;
            Mapping mapping = map();
            mapping.bytes().putInt(PRODUCER, start).putInt(CONSUMER, start);
            kernels = new Ring(mapping, OFFSETS, ENTRIES, !weProduce);
        }

        private Mapping map() throws Exception {
            return Mapping.of(memory, 0, 4096, "ring");
        }

        /** As a process maps it. */
        Ring ours() throws Exception {
            return new Ring(map(), OFFSETS, ENTRIES, weProduce);
        }

        @Override
        public void close() {
            kernels.close();
            memory.close();
        }
    }

    private static final Ring.Offsets OFFSETS = new Ring.Offsets(PRODUCER, CONSUMER, DESC, FLAGS);

    /** The kernel's half. It takes from fill and tx in order, and returns in any order. */
    private static final class Kernel {
        final Shared rx;
        final Shared tx;
        final Shared fill;
        final Shared completion;
        final List<Long> received = new ArrayList<>();
        final List<Long> sending = new ArrayList<>();

        Kernel(Random random) throws Exception {
            int start = random.nextBoolean() ? -3 : random.nextInt();
            rx = new Shared(false, start);
            fill = new Shared(true, start);
            int other = random.nextInt();
            tx = new Shared(true, other);
            completion = new Shared(false, other);
        }

        void step(Random random) {
            switch (random.nextInt(4)) {
                case 0 -> take(fill.kernels, false, received);
                case 1 -> bring(rx.kernels, true, received, random);
                case 2 -> take(tx.kernels, true, sending);
                default -> bring(completion.kernels, false, sending, random);
            }
        }

        private static void take(Ring ring, boolean wide, List<Long> into) {
            if (ring.available(1) > 0) {
                into.add(ring.bytes.getLong(wide ? ring.at16(ring.own) : ring.at8(ring.own)));
                ring.own++;
                ring.consumed();
            }
        }

        private static void bring(Ring ring, boolean wide, List<Long> from, Random random) {
            if (!from.isEmpty() && ring.free(1) > 0) {
                long frame = from.remove(random.nextInt(from.size()));
                int at = wide ? ring.at16(ring.own) : ring.at8(ring.own);
                ring.bytes.putLong(at, frame);
                ring.own++;
                ring.publish();
            }
        }

        XskRings rings() throws Exception {
            return new XskRings(rx.ours(), tx.ours(), fill.ours(), completion.ours());
        }

        /** Every frame that is not the process's. */
        List<Integer> has(XskRings ours, FramePool pool) {
            List<Integer> all = new ArrayList<>();
            received.forEach(frame -> all.add(pool.number((int) (long) frame)));
            sending.forEach(frame -> all.add(pool.number((int) (long) frame)));
            published(ours.fill(), false, true, pool, all);
            published(ours.tx(), true, true, pool, all);
            published(ours.rx(), true, false, pool, all);
            published(ours.completion(), false, false, pool, all);
            return all;
        }

        private static void published(Ring ring, boolean wide, boolean weProduce, FramePool pool, List<Integer> into) {
            int count = weProduce ? ring.pending() : ring.available(Integer.MAX_VALUE);
            int from = weProduce ? ring.own - count : ring.own;
            for (int i = 0; i < count; i++) {
                int at = wide ? ring.at16(from + i) : ring.at8(from + i);
                into.add(pool.number((int) ring.bytes.getLong(at)));
            }
        }

        void close() {
            List.of(rx, tx, fill, completion).forEach(Shared::close);
        }
    }

    /** What XskQueue does with rings and pool, in the same order, with a chance to die after each step. */
    private static final class Mortal {
        private final XskRings rings;
        private final FramePool pool;
        private final int holder;
        private final Kernel kernel;
        private final Random random;
        private final Deque<Integer> inHand = new ArrayDeque<>();

        /** Null unless packets may be longer than a chunk. */
        private final Splitter splitter;

        private int left;

        Mortal(
                XskRings rings,
                FramePool pool,
                int holder,
                Kernel kernel,
                Random random,
                boolean multiBuffer,
                int left) {
            this.rings = rings;
            this.pool = pool;
            this.splitter = multiBuffer ? new Splitter(pool) : null;
            this.holder = holder;
            this.kernel = kernel;
            this.random = random;
            this.left = left;
        }

        private void tick() {
            kernel.step(random);
            if (--left < 0) {
                throw new Death();
            }
        }

        void run() {
            while (true) {
                switch (random.nextInt(4)) {
                    case 0 -> refill();
                    case 1 -> receive();
                    case 2 -> send();
                    default -> reap();
                }
            }
        }

        private void refill() {
            Ring fill = rings.fill();
            int n = random.nextInt(fill.free(ENTRIES) + 1);
            int done = 0;
            for (; done < n; done++) {
                int frame = pool.take();
                if (frame == FramePool.NONE) {
                    break;
                }
                tick();
                fill.bytes.putLong(fill.at8(fill.own + done), frame);
                tick();
                pool.held(frame, holder);
                tick();
            }
            fill.own += done;
            fill.publish();
            tick();
        }

        private void receive() {
            Ring rx = rings.rx();
            int n = Math.min(rx.available(ENTRIES), ENTRIES);
            for (int i = 0; i < n; i++) {
                int frame = (int) rx.bytes.getLong(rx.at16(rx.own + i));
                pool.returned(frame);
                inHand.add(frame);
                tick();
            }
            rx.own += n;
            rx.consumed();
            tick();
        }

        private void send() {
            Ring tx = rings.tx();
            int space = tx.free(ENTRIES);
            int staged = 0;
            while (!inHand.isEmpty()) {
                int frame = inHand.remove();
                if (staged == space) {
                    pool.give(frame);
                    continue;
                }
                tx.bytes.putLong(tx.at16(tx.own + staged), frame);
                tick();
                pool.held(frame, holder);
                staged++;
                tick();
            }
            int large = splitter == null || staged + 4 > space ? FramePool.NONE : pool.takeLarge();
            if (large != FramePool.NONE) {
                int parts = 2 + random.nextInt(3);
                splitter.write(tx, tx.own + staged, large, parts * FRAME, parts, rings.completion());
                tick();
                pool.held(large, holder);
                staged += parts;
                tick();
            }
            tx.own += staged;
            tx.publish();
            tick();
        }

        private void reap() {
            Ring completion = rings.completion();
            int n = completion.available(ENTRIES);
            for (int i = 0; i < n; i++) {
                int frame = (int) completion.bytes.getLong(completion.at8(completion.own + i));
                if (splitter == null || splitter.isFree(frame, completion.own + i)) {
                    tick();
                    pool.returned(frame);
                    pool.give(frame);
                }
                tick();
            }
            completion.own += n;
            completion.consumed();
            tick();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "3, 0", "4, 0", "1, 1", "2, 1", "3, 1", "4, 1"})
    void whereverItDiesNoFrameIsTwiceAndNoneOfTheKernelsIsFree(int seed, int multiBuffer) throws Exception {
        Random random = new Random(seed);
        int exact = 0;
        for (int run = 0; run < 300; run++) {
            exact += dieAndSucceed(random, multiBuffer == 1, 1 + random.nextInt(4)) ? 1 : 0;
        }
        // Rings of a few entries, most of which are frames that the kernel has in its hands: that is where it can't be
        // told.
        assertThat(exact).as("runs in which nothing was left out at all").isGreaterThan(60);
    }

    /** Several deaths one after the other. Returns whether every frame that the kernel had not was free in the end. */
    private static boolean dieAndSucceed(Random random, boolean multiBuffer, int deaths) throws Exception {
        Kernel kernel = new Kernel(random);
        try (Fd memory = Pools.memory(FramePool.sizeOf(FRAME, FRAMES, LARGE))) {
            FramePool pool = Pools.of(memory, FRAME, FRAMES, LARGE);
            int holder = pool.newHolder();
            XskRings rings = kernel.rings();
            boolean all = true;
            for (int death = 0; death < deaths; death++) {
                try {
                    new Mortal(rings, pool, holder, kernel, random, multiBuffer, random.nextInt(400)).run();
                } catch (Death dead) {
                    rings.close();
                    pool.close();
                }
                rings = kernel.rings();
                pool = FramePool.left(map(memory), FRAME, FRAMES, LARGE, 1).get(0);
                Succession.correct(rings, pool, holder, multiBuffer);
                pool.adopt(holder);
                pool.settle();
                all &= check(kernel.has(rings, pool), pool, holder);
            }
            rings.close();
            pool.close();
            return all;
        } finally {
            kernel.close();
        }
    }

    private static boolean check(List<Integer> kernels, FramePool pool, int holder) {
        Set<Integer> with = new HashSet<>(kernels);
        assertThat(kernels.stream().filter(frame -> frame < FRAMES))
                .as("the test's own kernel")
                .doesNotHaveDuplicates();
        assertThat(with.stream().filter(frame -> frame >= FRAMES))
                .as("large frames of which all parts are known that the kernel has")
                .allMatch(frame -> pool.parts(pool.first(frame)) == Collections.frequency(kernels, frame));
        List<Integer> free = new ArrayList<>();
        for (int frame = pool.takeLarge(); frame != FramePool.NONE; frame = pool.takeLarge()) {
            free.add(pool.number(frame));
        }
        for (int frame = pool.take(); frame != FramePool.NONE; frame = pool.take()) {
            free.add(pool.number(frame));
        }
        assertThat(free).doesNotHaveDuplicates().noneMatch(with::contains);
        assertThat(with).allMatch(frame -> pool.isHeld(pool.first(frame), holder));
        assertThat(free.size() + pool.countHeld(holder, false))
                .as("each frame once")
                .isEqualTo(FRAMES + LARGE);
        free.forEach(frame -> pool.give(pool.first(frame)));
        return free.size() + with.size() == FRAMES + LARGE;
    }

    private static Mapping map(Fd memory) throws Exception {
        return Mapping.of(memory, 0, (int) FramePool.sizeOf(FRAME, FRAMES, LARGE), "pool");
    }

    @Test
    void aRingWithAnAddressOutsideThePoolIsRefused() throws Exception {
        Kernel kernel = new Kernel(new Random(1));
        try (Fd memory = Pools.memory(FramePool.sizeOf(FRAME, FRAMES, LARGE));
                FramePool pool = Pools.of(memory, FRAME, FRAMES, LARGE);
                XskRings rings = kernel.rings()) {
            Ring fill = rings.fill();
            fill.bytes.putLong(fill.at8(fill.own++), LEDGER);
            fill.publish();
            assertThatThrownBy(() -> Succession.correct(rings, pool, 1, false))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a ring has address " + LEDGER + ", which is no frame of the pool");
        } finally {
            kernel.close();
        }
    }
}
