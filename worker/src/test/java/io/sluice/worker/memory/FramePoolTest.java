package io.sluice.worker.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.sys.Mapping;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramePoolTest {
    private static final int FRAME = 2048;
    private static final int FRAMES = 6;
    private static final int LARGE = 3;

    private FramePool pool;

    @BeforeEach
    void makePool() throws SyscallException {
        pool = Pools.of(FRAME, FRAMES, LARGE);
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @Test
    void framesOfBothSizesTileTheMemoryWithoutOverlap() {
        Set<Integer> small = new HashSet<>();
        for (int i = 0; i < FRAMES; i++) {
            small.add(pool.take());
        }
        Set<Integer> large = new HashSet<>();
        for (int i = 0; i < LARGE; i++) {
            large.add(pool.takeLarge());
        }
        assertThat(small).containsExactlyInAnyOrder(0, 2048, 4096, 6144, 8192, 10240);
        assertThat(large).containsExactlyInAnyOrder(12288, 12288 + 69632, 12288 + 2 * 69632);
        assertThat(pool.size()).isEqualTo(12288 + 3 * 69632 + 4096);
    }

    @Test
    void anExhaustedPoolHasNone() {
        drain();
        assertThat(pool.take()).isEqualTo(FramePool.NONE);
        assertThat(pool.takeLarge()).isEqualTo(FramePool.NONE);
        assertThat(pool.freeFrames()).isZero();
    }

    @Test
    void theLastFrameFreedIsTheNextTaken() {
        int first = pool.take();
        pool.take();
        pool.give(first);
        assertThat(pool.take()).isEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 252, 256, 2047})
    void anyOffsetInAFrameGivesThatFrameBack(int within) {
        int frame = pool.take();
        pool.give(frame + within);
        assertThat(pool.take()).isEqualTo(frame);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 256, 2048, 4096, 69631})
    void anyOffsetInALargeFrameGivesThatFrameBack(int within) {
        pool.takeLarge();
        int frame = pool.takeLarge();
        pool.give(frame + within);
        assertThat(pool.takeLarge()).isEqualTo(frame);
    }

    @Test
    void everyFrameComesBackWholeFromAnyOrder() {
        List<Integer> taken = drain();
        for (int i = 0; i < taken.size(); i += 2) {
            pool.give(taken.get(i) + 256);
        }
        for (int i = 1; i < taken.size(); i += 2) {
            pool.give(taken.get(i) + 100);
        }
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
        assertThat(drain()).containsExactlyInAnyOrderElementsOf(taken);
    }

    @Test
    void givingAVectorFreesItsFramesAndEmptiesIt() {
        Vector vector = new Vector();
        vector.add(pool.take() + 256, 60, 0);
        vector.add(pool.takeLarge() + 252, 9000, Vector.VNET);
        pool.giveAll(vector);
        assertThat(vector.count).isZero();
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @Test
    void reclaimFreesWhatOneQueueHoldsAndNothingElse() {
        int one = pool.newHolder();
        int other = pool.newHolder();
        int small = pool.take();
        int othersLarge = pool.takeLarge();
        int large = pool.takeLarge();
        int others = pool.take();
        int back = pool.take();
        pool.held(small + 256, one);
        pool.held(large + 252, one);
        pool.held(others, other);
        pool.held(othersLarge, other);
        pool.held(back, one);
        pool.returned(back + 256);

        pool.reclaim(one);

        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE - 3);
        assertThat(List.of(pool.take(), pool.takeLarge())).containsExactly(small, large);
        pool.reclaim(other);
        assertThat(List.of(pool.take(), pool.takeLarge())).containsExactly(others, othersLarge);
    }

    @Test
    void reclaimingTwiceFreesNothingTwice() {
        int queue = pool.newHolder();
        pool.held(pool.take(), queue);
        pool.reclaim(queue);
        pool.reclaim(queue);
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @Test
    void holderNumbersAreUsedAgainSoThatQueuesCanComeAndGoForEver() {
        int kept = pool.newHolder();
        for (int i = 0; i < 100_000; i++) {
            int queue = pool.newHolder();
            assertThat(queue).isBetween(1, 32767).isNotEqualTo(kept);
            pool.held(pool.take(), queue);
            pool.reclaim(queue);
        }
        assertThat(pool.freeFrames()).isEqualTo(FRAMES + LARGE);
    }

    @Test
    void tooManyQueuesAtOnceAreRefused() {
        for (int i = 0; i < 32767; i++) {
            pool.newHolder();
        }
        assertThatThrownBy(pool::newHolder)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a frame pool serves at most 32767 queues");
    }

    @Test
    void itTellsItsSizes() {
        assertThat(pool.frameSize()).isEqualTo(2048);
        assertThat(pool.room()).isEqualTo(2048 - 256);
        assertThat(pool.frames()).isEqualTo(FRAMES + LARGE);
        assertThat(pool.largeFrames()).isEqualTo(LARGE);
        assertThat(FramePool.sizeOf(4096, 1 << 19, 100)).isEqualTo((1L << 31) + 100 * 69632 + 257 * 4096);
    }

    @Test
    void aLargeFrameHoldsASuperframeWithItsHeadersAndHeadroom() {
        int superframe = 65535 + 14 + 4; // IP's longest packet, Ethernet, a VLAN tag
        assertThat(FramePool.LARGE_FRAME - FramePool.HEADROOM).isGreaterThanOrEqualTo(superframe);
        assertThat(FramePool.LARGE_FRAME % 4096).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1024, 2047, 3072, 8192, -2048})
    void otherFrameSizesAreRefused(int size) throws SyscallException {
        try (Fd memory = Pools.memory(1 << 20)) {
            Mapping mapping = Mapping.of(memory, 0, 1 << 20, "test");
            assertThatThrownBy(() -> new FramePool(mapping, size, 4, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("frame size " + size + "; 2048 or 4096 are possible");
            mapping.close();
        }
    }

    @Test
    void aMappingThatIsTooSmallIsRefused() throws SyscallException {
        try (Fd memory = Pools.memory(8192)) {
            Mapping mapping = Mapping.of(memory, 0, 8192, "test");
            assertThatThrownBy(() -> new FramePool(mapping, 2048, 5, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a mapping of 8192 bytes is too small");
            mapping.close();
        }
    }

    @Test
    void aPoolThatWasLeftHasWhatTheKernelHasNotOnceItIsSettled() throws SyscallException {
        try (Fd memory = Pools.memory(FramePool.sizeOf(FRAME, FRAMES, LARGE))) {
            FramePool dead = Pools.of(memory, FRAME, FRAMES, LARGE);
            int adopted = dead.newHolder();
            int gone = dead.newHolder();
            int kernels = dead.take();
            dead.held(kernels, adopted);
            dead.held(dead.take(), gone);
            dead.held(dead.takeLarge(), gone);
            dead.take(); // in the hands of the process when it died
            dead.close();

            try (FramePool left = left(memory, LARGE)) {
                assertThat(left.freeFrames()).isZero();
                assertThat(left.newHolder()).as("not one that has frames").isNotIn(adopted, gone);
                left.adopt(adopted);
                assertThatThrownBy(() -> left.adopt(adopted)).isInstanceOf(IllegalStateException.class);
                left.settle();
                assertThat(left.freeFrames()).isEqualTo(FRAMES + LARGE - 1);
                left.settle();
                assertThat(left.freeFrames()).as("once").isEqualTo(FRAMES + LARGE - 1);
                left.reclaim(adopted);
                assertThat(left.take()).isEqualTo(kernels);
            }
        }
    }

    @Test
    void aPoolOfOtherFramesIsNotTakenOver() throws SyscallException {
        try (Fd memory = Pools.memory(FramePool.sizeOf(FRAME, FRAMES, LARGE))) {
            assertThatThrownBy(() -> left(memory, LARGE)).isInstanceOf(IllegalArgumentException.class);
            Pools.of(memory, FRAME, FRAMES, LARGE).close();
            assertThatThrownBy(() -> left(memory, LARGE - 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("its frames were of other sizes or numbers, or of another version");
        }
    }

    @Test
    void theFirstOfSeveralPoolsThatWereLeftHasLessByWhatTheAdoptedQueuesHold() throws SyscallException {
        int size = (int) FramePool.sizeOf(FRAME, 20, LARGE);
        try (Fd memory = Pools.memory(size)) {
            FramePool dead = Pools.of(memory, FRAME, 20, LARGE);
            int queue = dead.newHolder();
            for (int i = 0; i < 14; i++) {
                int frame = dead.take();
                if (i >= 8) { // of the second pool's range, too
                    dead.held(frame, queue);
                }
            }
            dead.held(dead.takeLarge(), queue);
            dead.close();

            List<FramePool> left = FramePool.left(Mapping.of(memory, 0, size, "left"), FRAME, 20, LARGE, 2);
            FramePool view = left.get(0).view();
            view.adopt(queue);
            left.forEach(FramePool::settle);
            assertThat(left.get(0).freeFrames()).isEqualTo(10 - 6);
            assertThat(left.get(1).freeFrames()).isEqualTo(10 + 2);
            view.move(left.get(1), queue);
            assertThat(left.get(0).freeFrames()).as("as in new memory").isEqualTo(10 + 1);
            view.reclaim(queue);
            assertThat(left.get(1).freeFrames()).isEqualTo(10 + 2);
            left.forEach(FramePool::close);
        }
    }

    @Test
    void partsOfALargeFrameThatAreCountedTwiceAreTakenBackOnce() {
        int frame = pool.takeLarge();
        for (int own : new int[] {7, -2, Integer.MAX_VALUE - 1, Integer.MIN_VALUE}) {
            pool.split(frame, 5, own - 1);
            assertThat(pool.completed(frame + 4096, own)).isEqualTo(4);
            assertThat(pool.completed(frame, own + 2)).isEqualTo(3);
            pool.notCompleted(frame, own + 3);
            assertThat(pool.parts(frame)).isEqualTo(3);
            for (int twice = 0; twice < 2; twice++) {
                pool.notCompleted(frame, own + 2);
                pool.notCompleted(frame, own);
                assertThat(pool.parts(frame)).isEqualTo(5);
            }
        }
    }

    private static FramePool left(Fd memory, int large) throws SyscallException {
        int size = (int) FramePool.sizeOf(FRAME, FRAMES, LARGE);
        return FramePool.left(Mapping.of(memory, 0, size, "left"), FRAME, FRAMES, large, 1)
                .get(0);
    }

    @Test
    void closingTwiceUnmapsOnceAndNotWhatHasTheAddressNow() throws Exception {
        int size = pool.size();
        try (Fd memory = Pools.memory(size)) {
            for (int i = 0; i < 5; i++) { // the kernel mostly uses the hole again, but another thread may be faster
                FramePool closed = Pools.of(FRAME, FRAMES, LARGE);
                closed.close();
                Mapping next = Mapping.of(memory, 0, size, "next");
                closed.close();
                assertThat(Files.readString(Path.of("/proc/self/maps")))
                        .containsPattern("(?m)^" + Long.toHexString(next.address()) + "-");
                next.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void poolsOfOneMemoryHaveEachFrameOnce(int threads) throws SyscallException {
        List<FramePool> pools = Pools.cut(FRAME, FRAMES, LARGE, threads);
        List<Integer> all = new ArrayList<>();
        for (FramePool each : pools) {
            assertThat(each.frames()).isEqualTo(FRAMES + LARGE);
            assertThat(each.freeFrames()).isBetween((FRAMES + LARGE) / threads - 1, (FRAMES + LARGE) / threads + 1);
            assertThat(each.address()).isEqualTo(pools.get(0).address());
            all.addAll(drain(each));
        }
        assertThat(all).containsExactlyInAnyOrderElementsOf(drain());
        pools.forEach(FramePool::close);
    }

    @Test
    void fewerFramesThanPoolsAreRefused() throws SyscallException {
        try (Fd memory = Pools.memory(1 << 20)) {
            Mapping mapping = Mapping.of(memory, 0, 1 << 20, "test");
            assertThatThrownBy(() -> FramePool.cut(mapping, 2048, 8, 3, 4))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("8 frames and 3 large ones are too few for 4 threads");
            mapping.close();
        }
    }

    @Test
    void theMemoryIsThereUntilTheLastPoolIsClosed() throws Exception {
        List<FramePool> pools = Pools.cut(FRAME, FRAMES, LARGE, 2);
        String mapped = "(?m)^" + Long.toHexString(pools.get(0).address()) + "-";
        pools.get(0).close();
        pools.get(0).close();
        assertThat(Files.readString(Path.of("/proc/self/maps"))).containsPattern(mapped);
        pools.get(1).bytes().putInt(0, 1);
        pools.get(1).close();
    }

    @Test
    void aViewTakesFromItsPoolAndAfterAMoveFromTheOther() throws SyscallException {
        List<FramePool> pools = Pools.cut(FRAME, FRAMES, LARGE, 2);
        FramePool view = pools.get(0).view();
        assertThat(view.take()).isZero();
        view.give(0);
        assertThat(pools.get(0).freeFrames()).isEqualTo(3 + 1);
        view.move(pools.get(1));
        assertThat(view.take()).isEqualTo(3 * FRAME);
        assertThat(pools.get(1).freeFrames()).isEqualTo(3 + 2 - 1);
        assertThat(pools.get(0).freeFrames()).isEqualTo(3 + 1);
        pools.forEach(FramePool::close);
    }

    @Test
    void whatTheKernelHasOfAQueueMovesWithItAndAsManyFramesComeBack() throws SyscallException {
        List<FramePool> pools = Pools.cut(FRAME, 20, LARGE, 2);
        FramePool view = pools.get(0).view();
        int queue = view.newHolder();
        int other = pools.get(1).newHolder();
        assertThat(other).isNotEqualTo(queue); // numbers are good in all pools
        Set<Integer> held = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            int frame = view.take();
            view.held(frame, queue);
            held.add(frame);
        }
        int large = view.takeLarge();
        view.held(large, queue);
        int before = pools.get(1).freeFrames();

        view.move(pools.get(1), queue);

        assertThat(pools.get(0).freeFrames()).isEqualTo(10 + 1); // as many as before, all of them free
        assertThat(pools.get(1).freeFrames()).isEqualTo(before - 5);
        view.reclaim(queue);
        assertThat(pools.get(1).freeFrames()).isEqualTo(before);
        assertThat(drain(pools.get(1))).containsAll(held).contains(large);
        pools.forEach(FramePool::close);
    }

    @Test
    void aPoolWithNothingFreeTakesAQueueAllTheSame() throws SyscallException {
        List<FramePool> pools = Pools.cut(FRAME, FRAMES, LARGE, 2);
        FramePool view = pools.get(0).view();
        int queue = view.newHolder();
        view.held(view.take(), queue);
        drain(pools.get(1));
        view.move(pools.get(1), queue);
        view.move(pools.get(1), queue); // where it is already
        view.reclaim(queue);
        assertThat(pools.get(1).freeFrames()).isOne();
        pools.forEach(FramePool::close);
    }

    private List<Integer> drain() {
        return drain(pool);
    }

    private static List<Integer> drain(FramePool pool) {
        List<Integer> taken = new ArrayList<>();
        for (int frame = pool.take(); frame != FramePool.NONE; frame = pool.take()) {
            taken.add(frame);
        }
        for (int frame = pool.takeLarge(); frame != FramePool.NONE; frame = pool.takeLarge()) {
            taken.add(frame);
        }
        return taken;
    }
}
