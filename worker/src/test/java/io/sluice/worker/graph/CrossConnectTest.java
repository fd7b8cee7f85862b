package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Counters;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which queue feeds which, and how much, with queues that only note what is asked of them. */
class CrossConnectTest {
    /** Has as many packets as it is told, each with the queue's number as its length. */
    private static final class Queue implements PortQueue {
        private final int id;
        private final List<Integer> limits = new ArrayList<>();
        private final List<Integer> sent = new ArrayList<>();
        private int waiting;
        private int room = 512;
        private int flushes;
        private boolean pending;

        Queue(int id) {
            this.id = id;
        }

        @Override
        public int poll(Vector vector, int limit) {
            limits.add(limit);
            int n = Math.min(waiting, limit);
            for (int i = 0; i < n; i++) {
                vector.add(0, id, 0);
            }
            waiting -= n;
            return n;
        }

        @Override
        public boolean offloads() {
            return false;
        }

        @Override
        public int room() {
            return room;
        }

        @Override
        public void send(Vector vector) {
            for (int i = 0; i < vector.count; i++) {
                sent.add(vector.length[i]);
            }
            vector.clear();
        }

        @Override
        public int flush() {
            flushes++;
            return 0;
        }

        @Override
        public int queued() {
            return 0;
        }

        @Override
        public boolean pending() {
            return pending;
        }

        @Override
        public Fd fd() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}

        @Override
        public void reclaim() {}
    }

    private final Queue[] a = {new Queue(10), new Queue(11), new Queue(12)};
    private final Queue[] b = {new Queue(20), new Queue(21)};
    private final Vector vector = new Vector();

    private CrossConnect link(int depthOfA) {
        return new CrossConnect("l", port("a", depthOfA, a), port("b", 256, b));
    }

    private static Port port(String name, int depth, Queue... queues) {
        return new Port(Lab.info(PortKind.PACKET, name, 1500, depth), List.of(queues), new Counters(), Map::of);
    }

    @Test
    void queueIFeedsQueueIModuloThoseOfTheOtherSide() {
        for (Queue queue : a) {
            queue.waiting = 1;
        }
        for (Queue queue : b) {
            queue.waiting = 1;
        }
        assertThat(link(256).run(vector)).isEqualTo(5);
        assertThat(b[0].sent).containsExactly(10, 12);
        assertThat(b[1].sent).containsExactly(11);
        assertThat(a[0].sent).containsExactly(20);
        assertThat(a[1].sent).containsExactly(21);
        assertThat(a[2].sent).isEmpty();
        assertThat(vector.count).isZero();
    }

    @Test
    void noMoreIsTakenThanTheOtherSideHasRoomForNorThanTheDepth() {
        a[0].waiting = 1_000;
        b[0].room = 7;
        b[1].room = 500;
        link(40).run(vector);
        assertThat(a[0].limits).containsExactly(7);
        assertThat(a[1].limits).containsExactly(40);
        assertThat(b[0].limits).containsExactly(256);
        assertThat(b[0].sent).hasSize(7);
    }

    @Test
    void whereThereIsNoRoomNothingIsReceived() {
        b[0].room = 0;
        link(256).run(vector);
        assertThat(a[0].limits).isEmpty();
        assertThat(a[2].limits).isEmpty();
        assertThat(a[1].limits).hasSize(1);
    }

    @Test
    void everyQueueThatIsSentToIsFlushedInEveryRunThoughNothingCame() {
        link(256).run(vector);
        assertThat(a[0].flushes).isEqualTo(1);
        assertThat(a[1].flushes).isEqualTo(1);
        assertThat(b[0].flushes).isPositive();
        assertThat(b[1].flushes).isEqualTo(1);
    }

    @Test
    void itIsPendingWhileAnyOfItsQueuesIs() {
        CrossConnect link = link(256);
        assertThat(link.pending()).isFalse();
        for (Queue queue : List.of(a[0], a[2], b[1])) {
            queue.pending = true;
            assertThat(link.pending()).isTrue();
            queue.pending = false;
        }
        assertThat(link.pending()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "4, 1", "1, 4", "4, 2", "2, 4", "3, 2", "2, 5"})
    void strandsShareNoQueueAndMissNone(int queuesOfA, int queuesOfB) {
        Port one = port("a", 256, queues(10, queuesOfA));
        Port other = port("b", 256, queues(20, queuesOfB));
        List<CrossConnect> strands = CrossConnect.strands("l", one, other);
        assertThat(strands).hasSize(Math.min(queuesOfA, queuesOfB));
        List<PortQueue> all = new ArrayList<>();
        for (CrossConnect strand : strands) {
            List<PortQueue> here = strand.lanes().stream().map(Lane::from).toList();
            assertThat(strand.lanes()).allSatisfy(lane -> assertThat(here).contains(lane.to()));
            all.addAll(here);
        }
        assertThat(all).doesNotHaveDuplicates().containsAll(one.queues()).containsAll(other.queues());
        assertThat(all).hasSize(queuesOfA + queuesOfB);
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "4, 1", "1, 4", "3, 2", "2, 5"})
    void inAStrandAQueueFeedsTheSameAsInTheWholeLink(int queuesOfA, int queuesOfB) {
        Port one = port("a", 256, queues(10, queuesOfA));
        Port other = port("b", 256, queues(20, queuesOfB));
        Map<PortQueue, PortQueue> whole = new HashMap<>();
        new CrossConnect("l", one, other).lanes().forEach(lane -> whole.put(lane.from(), lane.to()));
        Map<PortQueue, PortQueue> parts = new HashMap<>();
        CrossConnect.strands("l", one, other)
                .forEach(strand -> strand.lanes().forEach(lane -> parts.put(lane.from(), lane.to())));
        assertThat(parts).isEqualTo(whole);
    }

    private static Queue[] queues(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(Queue::new).toArray(Queue[]::new);
    }
}
