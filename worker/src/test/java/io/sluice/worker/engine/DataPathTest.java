package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.ThreadUse;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.message.MessagePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The thread itself, over real ports: links, commands, sleep. */
@Tag("kernel")
@Timeout(60)
class DataPathTest {
    private static final String THREAD = "data-path";
    private static final int FRAMES = 4096;
    private static final int LARGE = 600;

    private Lab lab;
    private DataPath dataPath;
    private Wire left;
    private Wire right;
    private Port a;
    private Port b;

    @BeforeEach
    void begin() throws Exception {
        lab = new Lab(FRAMES, LARGE);
    }

    @AfterEach
    void end() throws Exception {
        if (dataPath != null) {
            dataPath.close(); // before the ports under it
        }
        lab.close();
    }

    private CrossConnect link(PortKind kindA, PortKind kindB, IdleStrategy idle) throws Exception {
        start(idle);
        lab.cable(kindA, "left", "wire0", 1500);
        lab.cable(kindB, "right", "wire1", 1500);
        a = lab.port(kindA, "left", dataPath, false);
        b = lab.port(kindB, "right", dataPath, false);
        left = lab.wire("wire0");
        right = lab.wire("wire1");
        CrossConnect link = new CrossConnect("link", a, b);
        add(link);
        return link;
    }

    private final AtomicReference<Throwable> died = new AtomicReference<>();

    private void start(IdleStrategy idle) throws IOException {
        dataPath = new DataPath(lab.pool(), idle, died::set);
        dataPath.start();
    }

    private void add(CrossConnect link) {
        dataPath.call(() -> {
            dataPath.addLink(link);
            return null;
        });
    }

    private void remove(CrossConnect link) {
        dataPath.call(() -> {
            dataPath.removeLink(link);
            return null;
        });
    }

    static Stream<Arguments> traffic() {
        return Stream.of(
                Arguments.of(PortKind.PACKET_OFFLOADS, PortKind.XDP_NATIVE, IdleStrategy.ADAPTIVE),
                Arguments.of(PortKind.PACKET, PortKind.PACKET_THREE_SOCKETS, IdleStrategy.ADAPTIVE),
                Arguments.of(
                        PortKind.XDP_NATIVE_TWO_QUEUES, PortKind.XDP_SKB_TWO_QUEUES_BUSY_POLL, IdleStrategy.ADAPTIVE),
                Arguments.of(PortKind.XDP_NATIVE_BUSY_POLL, PortKind.XDP_NATIVE_BUSY_POLL, IdleStrategy.ADAPTIVE),
                Arguments.of(PortKind.PACKET_OFFLOADS, PortKind.PACKET_OFFLOADS, IdleStrategy.SPIN));
    }

    @ParameterizedTest
    @MethodSource("traffic")
    void atRestTheBalanceOfBothDirectionsIsExact(PortKind kindA, PortKind kindB, IdleStrategy idle) throws Exception {
        link(kindA, kindB, idle);
        Random random = new Random(5);
        int sent = 0;
        for (int burst = 0; burst < 40; burst++) {
            int n = 1 + random.nextInt(60);
            for (int i = 0; i < n; i++, sent++) {
                left.send(Frames.of(i % 8, sent, 60 + random.nextInt(1_400)));
                right.send(Frames.of(i % 8, sent, 60 + random.nextInt(1_400)));
            }
            assertThat(left.receive(n)).allMatch(Frames::isWhole);
            assertThat(right.receive(n)).allMatch(Frames::isWhole);
        }
        int each = sent;
        long[] now = dataPath.call(() -> new long[] {
            a.counters().received(),
            b.counters().received(),
            a.counters().sent(),
            b.counters().sent(),
            a.counters().dropped() + b.counters().dropped(),
            a.queued() + b.queued()
        });
        assertThat(now).containsExactly(each, each, each, each, 0, 0);
    }

    @Test
    void aCommandRunsInTheThreadAndItsResultComesBack() throws IOException {
        start(IdleStrategy.ADAPTIVE);
        assertThat(dataPath.call(() -> Thread.currentThread().getName())).isEqualTo(THREAD);
    }

    @Test
    void aCommandThatFailsFailsItsCallerAlone() throws IOException {
        start(IdleStrategy.ADAPTIVE);
        assertThatThrownBy(() -> dataPath.call(() -> {
                    throw new IllegalArgumentException("no good");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no good")
                .hasCauseInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> dataPath.call(() -> {
                    throw new AssertionError("worse");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("worse");
        assertThat(dataPath.call(() -> 1)).isEqualTo(1);
    }

    @Test
    void nobodyWaitsForAThreadThatHasEnded() throws Exception {
        start(IdleStrategy.ADAPTIVE);
        dataPath.close();
        assertThat(ThreadUse.exists(THREAD)).isFalse();
        assertThatThrownBy(() -> dataPath.call(() -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the data-path thread has ended");
        dataPath = null;
    }

    @ParameterizedTest
    @CsvSource({"PACKET_OFFLOADS, PACKET", "XDP_NATIVE, XDP_SKB", "XDP_NATIVE_BUSY_POLL, PACKET_THREE_SOCKETS"})
    void withNothingToDoItSleepsAndAPacketWakesIt(PortKind kindA, PortKind kindB) throws Exception {
        link(kindA, kindB, IdleStrategy.ADAPTIVE);
        for (int round = 0; round < 3; round++) {
            left.send(Frames.of(0, round, 100));
            assertThat(right.receive()).isEqualTo(Frames.of(0, round, 100));
            right.send(Frames.of(1, round, 100));
            assertThat(left.receive()).isEqualTo(Frames.of(1, round, 100));
            assertSleeps();
        }
    }

    @Test
    void hundredsOfPortsWithNothingToDoTakeNoProcessorTimeAndEachIsServed() throws Exception {
        link(PortKind.PACKET, PortKind.PACKET, IdleStrategy.ADAPTIVE);
        for (int i = 0; i < 200; i++) {
            Port one = lab.port(PortKind.PACKET, "left", dataPath, false);
            Port other = lab.port(PortKind.PACKET, "right", dataPath, false);
            add(new CrossConnect("link" + i, one, other));
        }
        assertSleeps();
        ThreadUse before = ThreadUse.of(THREAD);
        TimeUnit.SECONDS.sleep(3); // what it uses in three seconds
        ThreadUse after = ThreadUse.of(THREAD);
        assertThat(after.ticks() - before.ticks()).isLessThanOrEqualTo(1);
        assertThat(after.sleeps()).isEqualTo(before.sleeps());
        left.send(Frames.of(0, 1, 100)); // comes to every port of the device
        assertThat(right.receive(201)).allMatch(frame -> Frames.sequence(frame) == 1);
        assertSleeps();
    }

    @Test
    void aThousandPortsThatWaitForPeersTakeNoProcessorTimeEither(@TempDir Path directory) throws Exception {
        start(IdleStrategy.ADAPTIVE);
        for (int i = 0; i < 1_000; i += 2) {
            Port one = waiting(directory, i, "nobody");
            Port other = waiting(directory, i + 1, i == 0 ? "peer" : "nobody");
            add(new CrossConnect("link" + i, one, other));
        }
        assertSleeps();
        ThreadUse before = ThreadUse.of(THREAD);
        TimeUnit.SECONDS.sleep(3); // what it uses in three seconds
        ThreadUse after = ThreadUse.of(THREAD);
        assertThat(after.ticks() - before.ticks()).isLessThanOrEqualTo(1);
        assertThat(after.sleeps()).isEqualTo(before.sleeps());
        UnixPath peer = new UnixPath(directory.resolve("peer").toString());
        try (Wire wire =
                Peer.datagram(peer, new UnixPath(directory.resolve("port1").toString()))) {
            wire.send(Frames.of(0, 1, 100)); // to a port that has yet to find it
            while (ThreadUse.of(THREAD).sleeps() == before.sleeps()) {
                assertThat(Thread.currentThread().isInterrupted()).as("late").isFalse();
            }
            assertSleeps();
        }
    }

    private Port waiting(Path directory, int number, String remote) {
        MessagePort.Endpoint endpoint = new MessagePort.Endpoint.UnixDatagram(
                new UnixPath(directory.resolve("port" + number).toString()),
                new UnixPath(directory.resolve(remote).toString()));
        return lab.keep(dataPath.call(() -> {
            try {
                return MessagePort.open(
                        Bench.info("dgram", 1500),
                        endpoint,
                        dataPath.pool(),
                        dataPath::messageSlots,
                        dataPath.lookout());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
    }

    @Test
    void aLinkIntoAPortThatOnlyReceivesKeepsNobodyAwake() throws Exception {
        start(IdleStrategy.ADAPTIVE);
        lab.cable(PortKind.PACKET, "left", "wire0", 1500);
        lab.cable(PortKind.XDP_NATIVE, "right", "wire1", 1500);
        a = lab.port(PortKind.PACKET, "left", dataPath, false);
        b = lab.port(PortKind.XDP_NATIVE, "right", dataPath, true);
        left = lab.wire("wire0");
        right = lab.wire("wire1");
        add(new CrossConnect("link", a, b));
        for (int i = 0; i < 20; i++) {
            left.send(Frames.of(0, i, 100)); // stay where they are
        }
        right.send(Frames.of(1, 0, 100));
        assertThat(left.receive()).isEqualTo(Frames.of(1, 0, 100));
        assertSleeps();
        assertThat(dataPath.call(() -> a.counters().received())).isZero();
    }

    @Test
    void aPortThatTakesNothingIsAskedAgainWithoutBurningTheProcessor() throws Exception {
        link(PortKind.PACKET, PortKind.XDP_NATIVE, IdleStrategy.ADAPTIVE);
        lab.netns().ip("link set right down");
        for (int i = 0; i < 1_000; i++) {
            left.send(Frames.of(0, i, 60));
        }
        lab.await("a full ring", () -> dataPath.call(() -> b.queued()) == XdpDevice.RING);
        ThreadUse before = ThreadUse.of(THREAD);
        TimeUnit.SECONDS.sleep(1); // what it uses in a second
        ThreadUse after = ThreadUse.of(THREAD);
        assertThat(after.sleeps() - before.sleeps()).isBetween(50L, 1_100L);
        assertThat(after.ticks() - before.ticks()).isLessThan(40);

        lab.netns().up("right");
        List<byte[]> frames = right.receive(1_000);
        for (int i = 0; i < 1_000; i++) {
            assertThat(frames.get(i)).isEqualTo(Frames.of(0, i, 60));
        }
    }

    @Test
    void aPortWithoutALinkIsNotPolled() throws Exception {
        link(PortKind.PACKET, PortKind.PACKET, IdleStrategy.ADAPTIVE);
        lab.cable(PortKind.PACKET, "third", "wire2", 1500);
        Port third = lab.port(PortKind.PACKET, "third", dataPath, false);
        Wire wire = lab.wire("wire2");
        for (int i = 0; i < 50; i++) {
            wire.send(Frames.of(9, i, 60));
            left.send(Frames.of(0, i, 60));
            right.receive();
        }
        assertThat(dataPath.call(() -> third.counters().get(PortCounter.RX_CALLS)))
                .isZero();
        assertSleeps();
    }

    @Test
    void aRemovedLinkForwardsNothingAndAddedAgainWhatHasWaited() throws Exception {
        CrossConnect link = link(PortKind.XDP_NATIVE, PortKind.PACKET, IdleStrategy.ADAPTIVE);
        for (int round = 0; round < 5; round++) {
            left.send(Frames.of(0, 3 * round, 60));
            assertThat(right.receive()).isEqualTo(Frames.of(0, 3 * round, 60));
            remove(link);
            long received = dataPath.call(() -> a.counters().received());
            left.send(Frames.of(0, 3 * round + 1, 60));
            left.send(Frames.of(0, 3 * round + 2, 60));
            assertThat(dataPath.call(() -> a.counters().received())).isEqualTo(received);
            assertThat(right.poll()).isNull();
            add(link);
            assertThat(right.receive(2))
                    .containsExactly(Frames.of(0, 3 * round + 1, 60), Frames.of(0, 3 * round + 2, 60));
        }
        assertSleeps();
    }

    @Test
    void aLinkThatCannotBeWatchedIsServedAllTheSame() throws Exception {
        start(IdleStrategy.ADAPTIVE);
        lab.cable(PortKind.PACKET, "left", "wire0", 1500);
        a = lab.port(PortKind.PACKET, "left", dataPath, false);
        left = lab.wire("wire0");
        add(new CrossConnect("echo", a, a)); // EEXIST for the second of two equal descriptors
        for (int i = 0; i < 5; i++) {
            left.send(Frames.of(0, i, 100));
            assertThat(left.receive()).isEqualTo(Frames.of(0, i, 100));
        }
    }

    @Test
    void commandsAndTrafficDoNotDisturbEachOther() throws Exception {
        CrossConnect link = link(PortKind.XDP_NATIVE, PortKind.PACKET_OFFLOADS, IdleStrategy.ADAPTIVE);
        List<byte[]> arrived = new ArrayList<>();
        int sent = 0;
        for (int i = 0; i < 200; i++) {
            for (int n = 0; n < 10; n++) {
                left.send(Frames.of(0, sent++, 60));
            }
            remove(link);
            add(link);
            for (byte[] frame = right.poll(); frame != null; frame = right.poll()) {
                arrived.add(frame);
            }
        }
        arrived.addAll(right.receive(sent - arrived.size()));
        for (int i = 0; i < sent; i++) {
            assertThat(Frames.sequence(arrived.get(i))).isEqualTo(i);
        }
        assertThat(dataPath.call(() -> a.counters().dropped() + b.counters().dropped()))
                .isZero();
    }

    /** Within a second an idle thread makes no system call: it neither runs nor wakes. */
    private void assertSleeps() throws Exception {
        lab.await("the thread to sleep", () -> {
            try {
                return ThreadUse.of(THREAD).asleep();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        ThreadUse before = ThreadUse.of(THREAD);
        TimeUnit.SECONDS.sleep(1); // what it uses in a second
        ThreadUse after = ThreadUse.of(THREAD);
        assertThat(after.sleeps() - before.sleeps()).isLessThanOrEqualTo(1);
        assertThat(after.ticks() - before.ticks()).isLessThanOrEqualTo(1);
    }
}
