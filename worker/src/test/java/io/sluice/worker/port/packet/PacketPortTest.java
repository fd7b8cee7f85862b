package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Sockets;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is particular to packet ports. */
@Timeout(60)
class PacketPortTest {
    @Test
    void whatIsNoPacketSocketIsRefusedAndEveryDescriptorClosed() throws Exception {
        try (FramePool pool = Pools.of(2048, 16, 0)) {
            Fd one = Pools.memory(4096);
            Fd other = Pools.memory(4096);
            assertThatThrownBy(() -> PacketPort.open(
                            Lab.info(PortKind.PACKET, "a", 1500, 64),
                            List.of(one, other),
                            0,
                            Optional.empty(),
                            pool,
                            (large, vnet) -> new ReceiveSlots(pool, large, vnet)))
                    .isInstanceOf(SyscallException.class)
                    .hasMessageStartingWith("setsockopt(PACKET_AUXDATA): ENOTSOCK");
            assertThat(List.of(one, other)).allMatch(Fd::isClosed);
            assertThat(pool.freeFrames()).isEqualTo(16);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10, 1500, offloads need large frames and this worker has none; start it with --large-frames",
        "0, 9000, an MTU of 9000 needs large frames and this worker has none; start it with --large-frames"
    })
    void aPortThatNeedsLargeFramesIsRefusedWhereThereAreNone(int vnet, int mtu, String message) throws Exception {
        try (FramePool pool = Pools.of(2048, 16, 0)) {
            Fd socket = Pools.memory(4096);
            assertThatThrownBy(() -> PacketPort.open(
                            Lab.info(PortKind.PACKET, "a", mtu, 64),
                            List.of(socket),
                            vnet,
                            Optional.empty(),
                            pool,
                            (large, header) -> new ReceiveSlots(pool, large, header)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
            assertThat(socket.isClosed()).isTrue();
        }
    }

    @Test
    @Tag("kernel")
    void framesThatFoundNoRoomInTheKernelAreCountedEachOnce() throws Exception {
        try (Lab lab = new Lab(512, 0)) {
            lab.cable(PortKind.PACKET, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET, "port0", 1500, 256);
            Sockets.receiveBuffer(port.queues().get(0).fd(), 16 * 1024);
            Wire wire = lab.wire("wire0");
            for (int round = 1; round <= 2; round++) {
                for (int i = 0; i < 200; i++) {
                    wire.send(Frames.of(0, i, 1_000));
                }
                int due = 200 * round;
                lab.await("every frame to be counted", () -> {
                    lab.poll(port, 256);
                    return port.counters().received() + port.kernel().read().get("kernel_rx_dropped") == due;
                });
            }
            assertThat(port.kernel().read().get("kernel_rx_dropped")).isPositive();
            assertThat(port.kernel().read()).isEqualTo(port.kernel().read()); // reading zeroes it in the kernel
        }
    }

    @Test
    @Tag("kernel")
    void aPortWhosePoolIsEmptyLeavesFramesWithTheKernelAndGoesOnWhenThereAreSome() throws Exception {
        try (Lab lab = new Lab(4, 0)) {
            lab.cable(PortKind.PACKET, "port0", "wire0", 1500);
            Port port = lab.port(PortKind.PACKET, "port0", 1500, 256);
            Wire wire = lab.wire("wire0");
            for (int i = 0; i < 10; i++) {
                wire.send(Frames.of(0, i, 100));
            }
            PortQueue queue = port.queues().get(0);
            Vector kept = new Vector();
            lab.await("all four frames to be in use", () -> {
                Vector more = new Vector();
                queue.poll(more, 256);
                for (int i = 0; i < more.count; i++) {
                    kept.add(more.offset[i], more.length[i], more.flags[i]);
                }
                return kept.count == 4;
            });
            assertThat(queue.poll(new Vector(), 256)).isZero();
            assertThat(queue.pending()).isTrue(); // nobody will say again that there is something to receive
            assertThat(port.counters().dropped()).isZero();
            lab.pool().giveAll(kept);
            assertThat(lab.receive(port, 6)).hasSize(6);
            assertThat(queue.pending()).isFalse();
            assertThat(port.counters().received()).isEqualTo(10);
        }
    }
}
