package io.sluice.worker.port.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is particular to tap and hybrid ports. */
@Tag("kernel")
@Timeout(60)
class TapPortTest {
    private static final String PORT = "port0";

    private Lab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new Lab(1024, 400);
    }

    @AfterEach
    void end() throws Exception {
        lab.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = PortKind.class,
            names = {"TAP", "TAP_OFFLOADS", "HYBRID", "HYBRID_OFFLOADS"})
    void whatTheHostSendsComesExactlyOnceAndWhatIsSentToItNotAtAll(PortKind kind) throws Exception {
        lab.cable(kind, PORT, "wire0", 1500);
        Port port = lab.port(kind, PORT, 1500, 256);
        Wire wire = lab.wire("wire0");
        for (int round = 0; round < 50; round++) {
            lab.enqueue(port, 0, Frames.of(1, 2 * round, 60), Frames.of(1, 2 * round + 1, 60));
            lab.flush(port);
            wire.send(Frames.of(0, round, 60));
        }
        assertThat(lab.receive(port, 50)).allMatch(packet -> Frames.flow(packet.frame()) == 0);
        assertThat(wire.receive(100)).hasSize(100);
        assertThat(lab.poll(port, 256)).isEmpty();
        assertThat(port.counters().received()).isEqualTo(50);
        assertThat(port.kernel().read().getOrDefault("kernel_rx_dropped", 0L)).isZero();
    }

    @Test
    void theDevicesOwnQueueOfAHybridPortStaysEmpty() throws Exception {
        lab.cable(PortKind.HYBRID, PORT, "wire0", 1500);
        Fd tap = lab.netns().call(() -> TapDevice.open(PORT, 1, 0)).get(0);
        Fd reader = lab.netns().call(() -> HybridPort.reader(PORT));
        Port port = HybridPort.open(Bench.info("hybrid", 1500), tap, reader, 0, lab.pool(), lab::slots);
        lab.netns().awaitCarrier(PORT);
        Wire wire = lab.wire("wire0");
        int due = 0;
        for (int round = 0; round < 20; round++) { // twice the length of the device's own queue
            for (int i = 0; i < 100; i++, due++) {
                wire.send(Frames.of(0, due, 60));
            }
            lab.receive(port, 100);
        }
        assertThat(port.counters().received()).isEqualTo(due);
        assertThat(io.sluice.worker.sys.WorkerCalls.LIBC.read(
                        tap.number(), lab.pool().address(), 2048))
                .isEqualTo(-1);
        port.queues().get(0).close();
    }

    @Test
    void theFeaturesSayWhatTheHostLeavesToThePort() throws Exception {
        lab.cable(PortKind.TAP_OFFLOADS, PORT, "wire0", 1500);
        Port port = lab.port(PortKind.TAP_OFFLOADS, PORT, 1500, 256);
        assertThat(port.info().features()).startsWith("tx-csum", "tso4", "tso6");
        lab.cable(PortKind.TAP, "port1", "wire1", 1500);
        assertThat(lab.port(PortKind.TAP, "port1", 1500, 256).info().features()).isEmpty();
    }

    @Test
    void oneQueueOfADeviceWithSeveralWillDo() throws Exception {
        lab.netns().ip("tuntap add port0 mode tap multi_queue");
        lab.netns().ip("link set port0 up");
        Port port = lab.port(PortKind.TAP, PORT, 1500, 256);
        lab.enqueue(port, 0, Frames.of(0, 0, 60));
        lab.flush(port);
        assertThat(port.counters().sent()).isOne();
    }

    @Test
    void aDeviceWithOtherFlagsIsRefusedAndTheErrorSaysHowToMakeIt() throws Exception {
        lab.netns().ip("tuntap add port0 mode tap");
        assertThatThrownBy(() -> lab.netns().call(() -> TapDevice.open(PORT, 2, 10)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("tap device port0: EINVAL")
                .hasMessageEndingWith("with: ip tuntap add dev port0 mode tap user " + uid() + " multi_queue vnet_hdr");
        assertThatThrownBy(() -> TapDevice.open("a name that is too long", 1, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static int uid() {
        return io.sluice.worker.sys.WorkerCalls.LIBC.geteuid();
    }

    @Test
    void aDescriptorThatIsNoSuchQueueIsRefusedAndAllAreClosed() throws Exception {
        lab.netns().ip("tuntap add port0 mode tap");
        Fd plain = lab.netns().call(() -> TapDevice.open(PORT, 1, 0)).get(0);
        assertThatThrownBy(() -> TapPort.open(Bench.info("tap", 1500), List.of(plain), 10, lab.pool()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was opened without IFF_VNET_HDR");
        Fd memory = Pools.memory(4096);
        assertThatThrownBy(() -> TapPort.open(Bench.info("tap", 1500), List.of(memory), 0, lab.pool()))
                .hasMessageContaining("is no tap device without packet information");
        assertThat(Stream.of(plain, memory)).allMatch(Fd::isClosed);
    }

    @Test
    void offloadsNeedLargeFrames() throws Exception {
        lab.netns().ip("tuntap add port0 mode tap vnet_hdr");
        Fd queue = lab.netns().call(() -> TapDevice.open(PORT, 1, 10)).get(0);
        try (FramePool small = Pools.of(2048, 16, 0)) {
            assertThatThrownBy(() -> TapPort.open(Bench.info("tap", 1500), List.of(queue), 10, small))
                    .hasMessage("offloads need large frames and this worker has none; start it with --large-frames");
        }
        assertThat(queue.isClosed()).isTrue();
    }

    @Test
    void aHybridPortNeedsItsDevice() {
        assertThatThrownBy(() -> lab.netns().call(() -> HybridPort.reader("port9")))
                .hasMessage("there is no device port9 in this network namespace");
    }

    @Test
    void aDeviceThatIsDownRefusesPacketsOneByOne() throws Exception {
        lab.cable(PortKind.TAP, PORT, "wire0", 1500);
        Port port = lab.port(PortKind.TAP, PORT, 1500, 256);
        lab.netns().ip("link set port0 down");
        lab.enqueue(port, 0, Frames.of(0, 0, 60), Frames.of(0, 1, 60));
        lab.flush(port);
        assertThat(port.counters().get(PortCounter.TX_DROP_REFUSED)).isEqualTo(2);
    }
}
