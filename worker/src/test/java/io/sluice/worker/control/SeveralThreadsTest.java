package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.XdpLease;
import io.sluice.grant.v1.XdpMode;
import io.sluice.grant.v1.XdpQueue;
import io.sluice.worker.conductor.Conductor;
import io.sluice.worker.lab.FakeBroker;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.ThreadUse;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.sys.Affinity;
import io.sluice.worker.sys.Mapping;
import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.DataPathThread;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.GetPortRequest;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.SetPortRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker with two data-path threads, by gRPC. */
@Tag("kernel")
@Timeout(120)
class SeveralThreadsTest extends WorkerBench {
    private static final int FLOWS = 16;
    private static final int MANY = 4096;
    private static final int POOL = MANY + LARGE;

    /** That each thread keeps ready for its packet ports. */
    private static final int SLOTS = 256;

    private final List<Integer> cpus = new ArrayList<>();
    private Netns netns;
    private Wire left;
    private Wire right;
    private int sent;

    @Override
    Conductor.Settings settings() {
        return settings(MANY, 2, cpus);
    }

    @BeforeEach
    void layCables() throws Exception {
        netns = new Netns();
        netns.veth("left", "wire0", 1500, 2);
        netns.veth("right", "wire1", 1500, 2);
        left = new Wire(netns, "wire0");
        right = new Wire(netns, "wire1");
        offer();
    }

    @AfterEach
    void clear() throws IOException {
        left.close();
        right.close();
        netns.close();
    }

    private void offer() {
        broker.grant("fast", "xdp", "left", this::xdp);
        broker.grant("lan", "packet", "left", (lease, made) -> packet(lease, made, "left", 1));
        broker.grant("wan", "packet", "right", (lease, made) -> packet(lease, made, "right", 1));
        broker.grant("four", "packet", "right", (lease, made) -> packet(lease, made, "right", 4));
    }

    private void packet(Lease.Builder lease, FakeBroker.Made made, String device, int sockets) throws Exception {
        PacketLease.Builder packet = lease.getPacketBuilder();
        for (int i = 0; i < sockets; i++) {
            packet.addFds(i);
            made.passed().add(netns.call(() -> Sockets.packet(device, PortKind.PACKET, sockets > 1 ? 9 : 0)));
        }
    }

    private void xdp(Lease.Builder lease, FakeBroker.Made made) throws Exception {
        int size = (int) FramePool.sizeOf(2048, MANY, LARGE);
        XdpLease.Builder xdp = lease.getXdpBuilder().setMode(XdpMode.XDP_MODE_NATIVE);
        try (FramePool umem = new FramePool(Mapping.of(made.pool(), 0, size, "umem"), 2048, MANY, LARGE)) {
            XdpDevice device = netns.call(() -> XdpDevice.attach("left", false));
            made.kept().add(device::close);
            for (int i = 0; i < 2; i++) {
                int queue = i;
                made.passed()
                        .add(netns.call(
                                () -> device.socket(queue, umem, false, false).fd()));
                xdp.addQueues(XdpQueue.newBuilder()
                        .setFd(i)
                        .setRxRing(XdpDevice.RING)
                        .setTxRing(XdpDevice.RING)
                        .setFillRing(XdpDevice.RING)
                        .setCompletionRing(XdpDevice.RING));
            }
        }
    }

    /** Both ways, in order, all of it. */
    private void assertForwards() throws Exception {
        for (int burst = 0; burst < 10; burst++) {
            for (int flow = 0; flow < FLOWS; flow++) {
                left.send(Frames.of(flow, sent, 200));
                right.send(Frames.of(flow, sent, 200));
            }
            assertThat(left.receive(FLOWS)).allMatch(this::isOfThisBurst);
            assertThat(right.receive(FLOWS)).allMatch(this::isOfThisBurst);
            sent++;
        }
    }

    private boolean isOfThisBurst(byte[] frame) {
        return Frames.isWhole(frame) && Frames.sequence(frame) == sent;
    }

    private void assertBalance(long received) {
        await("nothing in flight", () -> balance().getInFlight() == 0);
        Balance now = balance();
        assertThat(now.getReceived()).isEqualTo(received);
        assertThat(now.getSent()).isEqualTo(received - now.getDropped());
        assertThat(now.getDropped()).isZero();
    }

    private Balance balance() {
        return counters().getCounters(GetCountersRequest.getDefaultInstance()).getBalance();
    }

    @Test
    void aLinkOfTwoQueuesEachIsServedByBothAndToldOf() throws Exception {
        startWorker();
        addPort("x", "fast");
        addPort("p", "four");
        assertThat(port("x").getThreadsList()).containsExactly(0, 0); // not linked yet
        assertThat(addLink("", "x", "p").getThreadsList()).containsExactly(0, 1);
        assertThat(listLinks().get(0).getThreadsList()).containsExactly(0, 1);
        assertThat(port("x").getThreadsList()).containsExactly(0, 1);
        assertThat(port("p").getThreadsList()).containsExactly(0, 1, 0, 1);
        assertThat(info().getThreadsList())
                .extracting(DataPathThread::getNumber, DataPathThread::getQueues, DataPathThread::hasCpu)
                .containsExactly(tuple(0, 3, false), tuple(1, 3, false));
        ThreadUse[] before = {ThreadUse.of("data-path-0"), ThreadUse.of("data-path-1")};
        assertForwards();
        for (int i = 0; i < 2; i++) {
            assertThat(ThreadUse.of("data-path-" + i).sleeps()).isGreaterThan(before[i].sleeps());
        }
        assertBalance(2L * 10 * FLOWS);
        var detail = ports().getPort(GetPortRequest.newBuilder().setName("x").build());
        assertThat(detail.getStatistics(0).getName()).isEqualTo("rx_queue_max");
        assertThat(detail.getStatistics(0).getValue()).isPositive();
    }

    @Test
    void fourQueuesAndOneAreServedByOneThread() throws Exception {
        startWorker();
        addPort("a", "lan");
        addPort("p", "four");
        assertThat(addLink("l", "p", "a").getThreadsList()).containsExactly(0);
        assertForwards();
        removeLink("l");
        assertThat(addLink("l", "a", "p").getThreadsList()).containsExactly(0);
        assertForwards();
        assertBalance(2L * 20 * FLOWS);
    }

    @Test
    void whatIsTunedHoldsInEveryThread() throws Exception {
        startWorker();
        addPort("x", "fast");
        addPort("p", "four");
        SetPortRequest.Builder wanted = SetPortRequest.newBuilder().setName("p").setDepth(3);
        assertThat(ports().setPort(wanted.build()).getRings().getDepth()).isEqualTo(3);
        addLink("", "x", "p");
        assertForwards();
        wanted.setTxUsecs(200).setTxFrames(64); // under a link, in both threads
        assertThat(ports().setPort(wanted.build()).getCoalescing().getTxUsecs()).isEqualTo(200);
        assertForwards();
        assertThat(ports().setPort(SetPortRequest.newBuilder()
                                .setName("p")
                                .setTxUsecs(0)
                                .build())
                        .getStatisticsList())
                .anySatisfy(kicks -> {
                    assertThat(kicks.getName()).isEqualTo("tx_kicks");
                    assertThat(kicks.getValue()).isPositive();
                });
        assertBalance(2L * 20 * FLOWS);
    }

    @Test
    void portsAndLinksComeAndGoWithoutLosingAFrame() throws Exception {
        startWorker();
        for (int i = 0; i < 6; i++) {
            addPort("x", "fast");
            addPort("p", "four");
            addPort("w", "wan"); // hears what p hears and forwards nothing
            addLink("l", "x", "p");
            assertForwards();
            removeLink("l");
            removePort("p");
            assertThat(addLink("l", "w", "x").getThreadsList()).hasSize(1); // the second queue moves
            assertThat(port("x").getThreadsList()).doesNotContainSequence(0, 1);
            left.send(Frames.of(1, sent, 60));
            await("what was sent", () -> poll(right) != null);
            removeLink("l");
            removePort("x");
            removePort("w");
            await("all packets gone", this::drained);
        }
        assertThat(info().getFramesFree()).isBetween(POOL - 2 * SLOTS, POOL);
        assertThat(info().getThreadsList())
                .allSatisfy(thread -> assertThat(thread.getQueues()).isZero());
        assertThat(info().getThreads(0).getFramesFree())
                .isBetween(POOL / 2 - 2 * SLOTS, POOL / 2 + SLOTS); // neither has taken the other's
    }

    private boolean drained() {
        byte[] ofLeft = poll(left);
        return poll(right) == null && ofLeft == null;
    }

    private static byte[] poll(Wire wire) {
        try {
            return wire.poll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aLeaseThatEndsTakesItsQueuesFromBothThreads() throws Exception {
        startWorker();
        var x = addPort("x", "fast");
        addPort("p", "four");
        addLink("l", "x", "p");
        assertForwards();
        broker.end(x.getLease(), EndReason.REVOKED);
        await("port x to be down", () -> port("x").getState() == PortState.DOWN);
        assertThat(port("p").getState()).isEqualTo(PortState.UP);
        assertThat(listLinks().get(0).getThreadsList()).isEmpty();
        assertThat(info().getThreadsList())
                .allSatisfy(thread -> assertThat(thread.getQueues()).isZero());
        assertThat(balance().getReceived()).isEqualTo(2L * 10 * FLOWS);
        removeLink("l");
        removePort("x");
        addPort("x", "fast");
        assertThat(addLink("l", "x", "p").getThreadsList()).containsExactly(0, 1);
        assertForwards();
    }

    @Test
    void aBrokerThatComesBackFindsTwoThreadsAgain() throws Exception {
        startWorker();
        addPort("x", "fast");
        addPort("p", "four");
        addLink("l", "x", "p");
        assertForwards();
        broker.close();
        await("port x to be down", () -> port("x").getState() == PortState.DOWN);
        assertThat(info().getThreadsList()).isEmpty();
        broker = new FakeBroker(brokerSocket());
        offer();
        await("the link", () -> listLinks().get(0).getThreadsList().equals(List.of(0, 1)));
        await("nothing under way", this::drained);
        assertForwards();
        assertThat(balance().getReceived()).isEqualTo(2L * 20 * FLOWS);
    }

    @Test
    void eachThreadIsPinnedToItsCpuAndNobodyElseIs() throws Exception {
        BitSet allowed = Affinity.allowed();
        int last = allowed.length() - 1;
        int first = allowed.nextSetBit(0);
        cpus.addAll(List.of(last, first));
        startWorker();
        assertThat(allowed("data-path-0")).containsExactly(Integer.toString(last));
        assertThat(allowed("data-path-1")).containsExactly(Integer.toString(first));
        assertThat(allowed("conductor")).doesNotContain(Integer.toString(last));
        assertThat(info().getThreadsList()).extracting(DataPathThread::getCpu).containsExactly(last, first);
    }

    @Test
    void aCpuThatTheKernelRefusesIsSaid() throws Exception {
        cpus.addAll(List.of(0, Affinity.MAX_CPUS - 1));
        assertThatThrownBy(this::startWorker)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sched_setaffinity(CPU 1023)");
        assertThat(ThreadUse.exists("data-path-0")).isFalse();
        assertThat(ThreadUse.exists("data-path-1")).isFalse();
    }

    /** Cpus_allowed_list of the threads of this name. */
    private static List<String> allowed(String name) throws IOException {
        List<String> lists = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    Files.readAllLines(task.resolve("status")).stream()
                            .filter(line -> line.startsWith("Cpus_allowed_list:"))
                            .forEach(line -> lists.add(
                                    line.substring(line.indexOf(':') + 1).strip()));
                }
            }
        }
        return lists;
    }
}
