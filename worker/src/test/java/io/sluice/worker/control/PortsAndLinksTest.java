package io.sluice.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sluice.grant.v1.EndReason;
import io.sluice.grant.v1.Lease;
import io.sluice.grant.v1.PacketLease;
import io.sluice.grant.v1.XdpLease;
import io.sluice.grant.v1.XdpMode;
import io.sluice.grant.v1.XdpQueue;
import io.sluice.worker.lab.FakeBroker;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.sys.Mapping;
import io.sluice.worker.v1.AddPortRequest;
import io.sluice.worker.v1.Balance;
import io.sluice.worker.v1.GetCountersRequest;
import io.sluice.worker.v1.Link;
import io.sluice.worker.v1.Port;
import io.sluice.worker.v1.PortState;
import io.sluice.worker.v1.Snapshot;
import io.sluice.worker.v1.WatchCountersRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ports and links over real sockets, by gRPC, through every turn that a broker can take. */
@Tag("kernel")
@Timeout(120)
class PortsAndLinksTest extends WorkerBench {
    private static final long POOL_FRAMES = FRAMES + LARGE;

    private Netns netns;
    private Wire left;
    private Wire right;

    @BeforeEach
    void layCables() throws Exception {
        netns = new Netns();
        netns.veth("left", "wire0", 1500, 1);
        netns.veth("right", "wire1", 1500, 1);
        left = new Wire(netns, "wire0");
        right = new Wire(netns, "wire1");
        offer(broker);
        startWorker();
    }

    @AfterEach
    void clear() throws IOException {
        left.close();
        right.close();
        netns.close();
    }

    private void offer(FakeBroker to) {
        to.grant("lan", "packet", "left", (lease, made) -> packet(lease, made, "left"));
        to.grant("wan", "packet", "right", (lease, made) -> packet(lease, made, "right"));
        to.grant("fast", "xdp", "right", this::xdp);
    }

    private void packet(Lease.Builder lease, FakeBroker.Made made, String device) throws Exception {
        made.passed().add(netns.call(() -> Sockets.packet(device, PortKind.PACKET_OFFLOADS, 0)));
        lease.setPacket(PacketLease.newBuilder().addFds(0).setVnetHeader(10));
    }

    private void xdp(Lease.Builder lease, FakeBroker.Made made) throws Exception {
        int size = (int) FramePool.sizeOf(2048, FRAMES, LARGE);
        try (FramePool umem = new FramePool(Mapping.of(made.pool(), 0, size, "umem"), 2048, FRAMES, LARGE)) {
            XdpDevice device = netns.call(() -> XdpDevice.attach("right", false));
            made.kept().add(device::close);
            made.passed()
                    .add(netns.call(() -> device.socket(0, umem, false, false).fd()));
        }
        lease.setXdp(XdpLease.newBuilder()
                .setMode(XdpMode.XDP_MODE_NATIVE)
                .addQueues(XdpQueue.newBuilder()
                        .setFd(0)
                        .setRxRing(XdpDevice.RING)
                        .setTxRing(XdpDevice.RING)
                        .setFillRing(XdpDevice.RING)
                        .setCompletionRing(XdpDevice.RING)));
    }

    /** A broker in the place of the one that has gone. */
    private void bringBrokerBack() throws Exception {
        broker = new FakeBroker(brokerSocket());
        offer(broker);
    }

    // Ports

    @Test
    void aPortIsOpenedShownAndGivenBack() throws Exception {
        Port added = addPort("a", "lan");
        assertThat(added.getState()).isEqualTo(PortState.UP);
        assertThat(added.getReason()).isEmpty();
        assertThat(added.getKind()).isEqualTo("packet");
        assertThat(added.getGrant()).isEqualTo("lan");
        assertThat(added.getLease()).isPositive();
        assertThat(added.getInterface()).isEqualTo("left");
        assertThat(added.getIfindex()).isEqualTo(7);
        assertThat(added.getMtu()).isEqualTo(1500);
        assertThat(added.getMac()).isEqualTo("02:00:00:00:00:01");
        assertThat(added.getQueues()).isEqualTo(1);
        assertThat(added.getDepth()).isEqualTo(256);
        assertThat(added.getFeaturesList()).containsExactly("vnet-hdr");
        assertThat(added.getLink()).isEmpty();
        assertThat(listPorts()).containsExactly(added);

        removePort("a");
        assertThat(listPorts()).isEmpty();
        assertThat(broker.released()).containsExactly(added.getLease());
    }

    @Test
    void aVectorDeviceFindsTheGrantOfItsInterface() {
        Port port = ports().addPort(AddPortRequest.newBuilder()
                .setVector("vec0:transport=raw,ifname=right,depth=32,mtu=1400")
                .build());
        assertThat(port.getGrant()).isEqualTo("wan");
        assertThat(port.getDepth()).isEqualTo(32);
        assertThat(port.getMtu()).isEqualTo(1400);
    }

    @Test
    void aNameIsTakenOnlyOnceAndFreeAgainAfterwards() {
        addPort("a", "lan");
        assertFails(
                () -> addPort("a", "wan"),
                Status.Code.ALREADY_EXISTS,
                "there is a port a already; `sluice port rm` removes it");
        removePort("a");
        assertThat(addPort("a", "wan").getState()).isEqualTo(PortState.UP);
    }

    @Test
    void xdpPortsComeAndGoWithoutLosingAFrame() throws Exception {
        addPort("a", "lan");
        for (int i = 0; i < 10; i++) {
            Port port = addPort("x", "fast");
            assertThat(port.getFeaturesList()).containsExactly("native", "copy");
            addLink("", "a", "x");
            left.send(Frames.of(0, i, 500));
            assertThat(right.receive()).isEqualTo(Frames.of(0, i, 500));
            right.send(Frames.of(1, i, 500));
            assertThat(left.receive()).isEqualTo(Frames.of(1, i, 500));
            removeLink("a-x");
            removePort("x");
        }
        int slots = 256; // of the packet port
        assertThat(info().getFramesFree()).isBetween((int) POOL_FRAMES - slots, (int) POOL_FRAMES);
        assertThat(broker.released()).hasSize(10);
    }

    // Links

    @Test
    void aLinkForwardsUntilItIsRemoved() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        Link link = addLink("", "a", "b");
        assertThat(link)
                .isEqualTo(Link.newBuilder()
                        .setName("a-b")
                        .setA("a")
                        .setB("b")
                        .addThreads(0)
                        .build());
        assertThat(listLinks()).containsExactly(link);
        assertThat(port("a").getLink()).isEqualTo("a-b");
        assertThat(port("b").getLink()).isEqualTo("a-b");
        assertForwards();
        removeLink("a-b");
        assertThat(listLinks()).isEmpty();
        assertThat(port("a").getLink()).isEmpty();
        left.send(Frames.of(0, 99, 60));
        addLink("again", "b", "a");
        assertThat(right.receive()).isEqualTo(Frames.of(0, 99, 60)); // has waited in the socket
    }

    @Test
    void linksThatCannotBeAreRefused() {
        addPort("a", "lan");
        addPort("b", "wan");
        addPort("c", "wan");
        assertFails(() -> addLink("", "a", "a"), Status.Code.INVALID_ARGUMENT, "a link needs two different ports");
        assertFails(() -> addLink("a b", "a", "b"), Status.Code.INVALID_ARGUMENT, "link name \"a b\" is not usable");
        assertFails(
                () -> addLink("", "a", "z"),
                Status.Code.NOT_FOUND,
                "there is no port z; `sluice port ls` lists [a, b, c]");
        addLink("l", "a", "b");
        assertFails(() -> addLink("l", "b", "c"), Status.Code.ALREADY_EXISTS, "there is a link l already");
        assertFails(() -> addLink("m", "c", "b"), Status.Code.FAILED_PRECONDITION, "port b is used by link l");
        assertFails(
                () -> removePort("a"),
                Status.Code.FAILED_PRECONDITION,
                "port a is used by link l; `sluice link rm l` first");
        assertThat(port("a").getState()).isEqualTo(PortState.UP);
    }

    // What the broker does unasked

    @ParameterizedTest
    @EnumSource(
            value = EndReason.class,
            names = {"REVOKED", "POLICY"})
    void aLeaseThatEndsTakesItsPortDownForGood(EndReason reason) throws Exception {
        addPort("a", "lan");
        Port b = addPort("b", "wan");
        addLink("l", "a", "b");
        assertForwards();
        long received = balance().getReceived();
        broker.end(b.getLease(), reason);
        await("port b to be down", () -> port("b").getState() == PortState.DOWN);
        assertThat(port("b").getReason())
                .isEqualTo("lease ended: " + reason.name().toLowerCase(java.util.Locale.ROOT));
        assertThat(port("b").getLease()).isZero();
        assertThat(port("b").getInterface()).isEqualTo("right"); // what was known of it still is
        assertThat(port("b").getQueues()).isZero();
        assertThat(port("a").getState()).isEqualTo(PortState.UP);
        assertThat(listLinks()).hasSize(1);
        assertThat(balance().getReceived()).isEqualTo(received);

        restartBroker();
        assertThat(port("b").getState()).isEqualTo(PortState.DOWN);
        removeLink("l");
        removePort("b");
        assertThat(addPort("b", "wan").getState()).isEqualTo(PortState.UP);
        addLink("l", "a", "b");
        assertForwards();
    }

    @Test
    void aLeaseOfNobodyEndsNothing() throws Exception {
        Port a = addPort("a", "lan");
        broker.end(a.getLease() + 1_000, EndReason.REVOKED);
        Port b = addPort("b", "wan"); // answered after the notice
        assertThat(listPorts()).containsExactly(a, b);
    }

    @Test
    void aBrokerThatStopsAndSaysSoGivesItsLeasesAgainWhenItIsBack() throws Exception {
        Port a = addPort("a", "lan");
        broker.end(a.getLease(), EndReason.SHUTDOWN);
        await("port a to be down", () -> port("a").getState() == PortState.DOWN);
        assertThat(port("a").getReason()).isEqualTo("lease ended: shutdown");
        broker.close();
        bringBrokerBack();
        await("port a to be up", () -> port("a").getState() == PortState.UP);
    }

    @Test
    void withoutABrokerAllPortsAreDownAndWithItTheyAndTheirLinksAreBack() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        addPort("spare", "wan");
        addLink("l", "a", "b");
        assertForwards();
        Balance before = balance();

        broker.close();
        await("the loss to be noticed", () -> port("a").getState() == PortState.DOWN);
        assertThat(listPorts()).allSatisfy(port -> {
            assertThat(port.getState()).isEqualTo(PortState.DOWN);
            assertThat(port.getReason()).isEqualTo("the broker is gone");
        });
        assertThat(info().getTenant()).isEmpty();
        assertThat(info().getFrames()).isZero();
        assertFails(
                () -> addPort("c", "lan"),
                Status.Code.UNAVAILABLE,
                "the broker at " + brokerSocket() + " is gone; ports come back when it does");
        removePort("spare");
        assertThat(balance()).isEqualTo(before);

        bringBrokerBack();
        await("port b to be up", () -> port("b").getState() == PortState.UP);
        assertThat(port("a").getReason()).isEmpty();
        assertThat(listPorts()).extracting(Port::getName).containsExactly("a", "b");
        assertThat(info().getTenant()).isEqualTo("blue");
        assertForwards();
        assertThat(balance().getReceived()).isEqualTo(before.getReceived() + 2);
    }

    @Test
    void aPortThatTheNewBrokerRefusesStaysDownAndSaysWhy() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        broker.close();
        broker = new FakeBroker(brokerSocket());
        broker.grant("wan", "packet", "right", (lease, made) -> packet(lease, made, "right"));
        await(
                "port b to be up again",
                () -> port("b").getState() == PortState.UP
                        && port("a").getReason().startsWith("the broker refuses"));
        assertThat(port("a").getState()).isEqualTo(PortState.DOWN);
        assertThat(port("a").getReason()).isEqualTo("the broker refuses: there is no grant lan");
    }

    @Test
    void brokersMayComeAndGoWithoutAnythingLeftBehind() throws Exception {
        addPort("a", "lan");
        addPort("x", "fast");
        addLink("l", "a", "x");
        assertForwards();
        restartBroker();
        assertForwards();
        long descriptors = descriptors();
        long mappings = mappings();
        for (int i = 0; i < 4; i++) {
            restartBroker();
            assertForwards();
        }
        assertThat(descriptors()).isEqualTo(descriptors);
        assertThat(mappings()).isEqualTo(mappings);
    }

    // Counters

    @Test
    void theBalanceHoldsAtEveryMomentAndRemovedPortsStayInIt() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        addLink("l", "a", "b");
        for (int i = 0; i < 200; i++) {
            left.send(Frames.of(0, i, 100));
            if (i % 20 == 0) {
                assertBalance();
            }
        }
        right.receive(200);
        assertThat(balance())
                .isEqualTo(Balance.newBuilder().setReceived(200).setSent(200).build());
        removeLink("l");
        removePort("b");
        assertBalance();
        removePort("a");
        assertThat(balance().getReceived()).isEqualTo(200);
        assertThat(balance().getSent()).isEqualTo(200);
        addPort("a", "lan");
        assertThat(value(snapshot(), "a", "rx_packets")).isZero(); // a new port
        assertThat(balance().getReceived()).isEqualTo(200);
    }

    @Test
    void countersAreThoseOfThePortsAskedFor() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        addLink("l", "a", "b");
        left.send(Frames.of(0, 0, 100));
        right.receive();
        Snapshot one = counters()
                .getCounters(GetCountersRequest.newBuilder().addPorts("a").build());
        assertThat(one.getPortsList()).hasSize(1);
        assertThat(value(one, "a", "rx_packets")).isEqualTo(1);
        assertThat(value(one, "a", "rx_bytes")).isEqualTo(100);
        assertThat(value(one, "a", "kernel_rx_dropped")).isZero();
        assertThat(value(snapshot(), "b", "tx_packets")).isEqualTo(1);
        assertThat(snapshot().getPortsList()).hasSize(2);
    }

    @Test
    void aWatchBringsASnapshotAtOnceAndThenOneEachInterval() throws Exception {
        addPort("a", "lan");
        addPort("b", "wan");
        addLink("l", "a", "b");
        Watch watch = new Watch();
        asynchronousCounters()
                .watchCounters(
                        WatchCountersRequest.newBuilder()
                                .addPorts("a")
                                .setIntervalMs(50)
                                .build(),
                        watch);
        Snapshot first = watch.next();
        assertThat(first.getPortsList()).hasSize(1);
        assertThat(value(first, "a", "rx_packets")).isZero();
        left.send(Frames.of(0, 0, 60));
        Snapshot last = first;
        int snapshots = 0;
        while (value(last, "a", "rx_packets") == 0) {
            Snapshot next = watch.next();
            assertThat(next.getTimeNs()).isGreaterThan(last.getTimeNs());
            last = next;
            assertThat(++snapshots).isLessThan(100);
        }
        assertThat(last.getBalance().getReceived()).isEqualTo(1);

        removeLink("l");
        removePort("a");
        await("the end of the watch", () -> watch.failure != null);
        assertThat(Status.fromThrowable(watch.failure).getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(Status.fromThrowable(watch.failure).getDescription())
                .isEqualTo("there is no port a; `sluice port ls` lists [b]");
    }

    @Test
    void aWatchOutlastsTheBroker() throws Exception {
        addPort("a", "lan");
        Watch watch = new Watch();
        asynchronousCounters()
                .watchCounters(
                        WatchCountersRequest.newBuilder().setIntervalMs(20).build(), watch);
        watch.next();
        restartBroker();
        watch.snapshots.clear();
        assertThat(watch.next().getPortsList()).hasSize(1);
        assertThat(watch.failure).isNull();
    }

    // Steps

    private static final class Watch implements StreamObserver<Snapshot> {
        private final BlockingQueue<Snapshot> snapshots = new LinkedBlockingQueue<>();
        private volatile Throwable failure;

        Snapshot next() throws InterruptedException {
            Snapshot next = snapshots.poll(10, TimeUnit.SECONDS);
            assertThat(next).as("a snapshot").isNotNull();
            return next;
        }

        @Override
        public void onNext(Snapshot snapshot) {
            snapshots.add(snapshot);
        }

        @Override
        public void onError(Throwable cause) {
            failure = cause;
        }

        @Override
        public void onCompleted() {}
    }

    private void restartBroker() throws Exception {
        broker.close();
        await("the loss to be noticed", () -> info().getTenant().isEmpty());
        bringBrokerBack();
        List<String> wanted = new ArrayList<>();
        await("the broker to be back", () -> !info().getTenant().isEmpty());
        for (Port port : listPorts()) {
            if (port.getReason().isEmpty()) {
                wanted.add(port.getName());
            }
        }
        assertThat(wanted).isNotEmpty();
    }

    private void assertForwards() throws Exception {
        byte[] there = Frames.of(0, 1, 700);
        byte[] back = Frames.of(1, 1, 900);
        left.send(there);
        assertThat(right.receive()).isEqualTo(there);
        right.send(back);
        assertThat(left.receive()).isEqualTo(back);
    }

    private Snapshot snapshot() {
        return counters().getCounters(GetCountersRequest.getDefaultInstance());
    }

    private Balance balance() {
        return snapshot().getBalance();
    }

    private void assertBalance() {
        Balance balance = balance();
        assertThat(balance.getReceived())
                .isEqualTo(balance.getSent() + balance.getDropped() + balance.getMerged() + balance.getInFlight());
    }

    private static long value(Snapshot snapshot, String port, String counter) {
        return snapshot.getPortsList().stream()
                .filter(counters -> counters.getPort().equals(port))
                .flatMap(counters -> counters.getCountersList().stream())
                .filter(one -> one.getName().equals(counter))
                .findFirst()
                .orElseThrow()
                .getValue();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    /** Frame pools and AF_XDP rings that are mapped. */
    private static long mappings() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("memfd:sluice") || line.contains("socket:["))
                .count();
    }
}
