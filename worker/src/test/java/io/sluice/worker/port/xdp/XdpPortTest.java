package io.sluice.worker.port.xdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.grant.sys.SyscallException;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.WorkerCalls;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is particular to AF_XDP ports. */
@Tag("kernel")
@Timeout(60)
class XdpPortTest {
    private static final PortKind KIND = PortKind.XDP_NATIVE;
    private static final int FRAMES = 2048;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int SOL_SOCKET = 1;
    private static final int SO_INCOMING_NAPI_ID = 56;

    private Lab lab;
    private Wire wire;

    @BeforeEach
    void layACable() throws Exception {
        lab = new Lab(FRAMES, 0);
        lab.cable(KIND, "port0", "wire0", 1500);
        wire = lab.wire("wire0");
    }

    @AfterEach
    void clear() throws Exception {
        lab.close();
    }

    private Port open(List<XdpPort.Socket> sockets) throws SyscallException {
        return XdpPort.open(Lab.info(KIND, "port0", 1500, 256), sockets, false, false, lab.pool());
    }

    @Test
    void aPortThatMayOnlyReceiveHasNoRoomAndCountsWhatItIsGiven() throws Exception {
        Port port = open(lab.xdpSockets(KIND, "port0", true));
        PortQueue queue = port.queues().get(0);
        assertThat(queue.room()).isZero();
        int free = lab.pool().freeFrames();
        lab.enqueue(port, 0, Frames.of(0, 0, 60), Frames.of(0, 1, 60));
        assertThat(port.counters().get(PortCounter.TX_DROP_RX_ONLY)).isEqualTo(2);
        assertThat(lab.pool().freeFrames()).isEqualTo(free);
        assertThat(queue.flush()).isZero();
        assertThat(queue.pending()).isFalse();
        assertThat(port.queued()).isZero();

        wire.send(Frames.of(0, 2, 60));
        assertThat(lab.receive(port, 1).get(0).frame()).isEqualTo(Frames.of(0, 2, 60));
        queue.close();
        queue.reclaim();
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES);
    }

    @Test
    void aQueueThatGotNoFrameBecauseOthersHadThemAllReceivesOnceThereAreSome() throws Exception {
        FramePool pool = lab.pool();
        List<Integer> others = new ArrayList<>();
        for (int frame = pool.take(); frame != FramePool.NONE; frame = pool.take()) {
            others.add(frame);
        }
        Port port = open(lab.xdpSockets(KIND, "port0", false));
        PortQueue queue = port.queues().get(0);
        assertThat(lab.poll(port, 256)).isEmpty();
        assertThat(queue.pending()).isTrue(); // nothing can arrive that would wake anybody
        others.forEach(pool::give);
        assertThat(lab.poll(port, 256)).isEmpty(); // takes them
        assertThat(queue.pending()).isFalse();
        wire.send(Frames.of(0, 0, 60));
        assertThat(lab.receive(port, 1)).hasSize(1);
    }

    @Test
    void whenALaterQueueCannotBeOpenedTheEarlierOnesHaveTakenNoFrames() throws Exception {
        List<XdpPort.Socket> sockets = new ArrayList<>(lab.xdpSockets(KIND, "port0", false));
        sockets.add(new XdpPort.Socket(Pools.memory(4096), 512, 512, 512, 512));
        int holder = lab.pool().newHolder();
        assertThatThrownBy(() -> open(sockets))
                .isInstanceOf(SyscallException.class)
                .hasMessageStartingWith("getsockopt(XDP_MMAP_OFFSETS): ENOTSOCK");
        assertThat(sockets).allMatch(socket -> socket.fd().isClosed());
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES);
        assertThat(lab.pool().newHolder()).isEqualTo(holder + 1);
    }

    @Test
    void aBusyPollingPortMakesReceiveCallsOnlyWhereTheyDoSomething() throws Exception {
        List<XdpPort.Socket> sockets = lab.xdpSockets(KIND, "port0", false);
        Fd socket = sockets.get(0).fd();
        XdpDevice.busyPoll(socket);
        Port port = XdpPort.open(Lab.info(KIND, "port0", 1500, 256), sockets, true, false, lab.pool());
        wire.send(Frames.of(0, 0, 60));
        lab.receive(port, 1);
        long calls = port.counters().get(PortCounter.RX_CALLS);
        lab.poll(port, 256);
        ByteBuffer napi = Native.allocate(4);
        WorkerCalls.LIBC.getsockopt(
                socket.number(),
                SOL_SOCKET,
                SO_INCOMING_NAPI_ID,
                napi,
                Native.allocate(4).putInt(0, 4));
        assertThat(port.counters().get(PortCounter.RX_CALLS) - calls).isEqualTo(napi.getInt(0) == 0 ? 0 : 1);
    }

    @Test
    void framesThatTheKernelCouldNotDeliverAreCountedThere() throws Exception {
        Port port = open(lab.xdpSockets(KIND, "port0", false));
        for (int i = 0; i < 1_000; i++) {
            wire.send(Frames.of(0, i, 60)); // the port first offered 256 frames
        }
        lab.await("every frame to be counted", () -> {
            Map<String, Long> kernel = port.kernel().read();
            lab.poll(port, 256);
            return port.counters().received() + kernel.get("kernel_rx_dropped") == 1_000;
        });
        Map<String, Long> kernel = port.kernel().read();
        assertThat(kernel)
                .containsOnlyKeys(
                        "kernel_rx_dropped",
                        "kernel_rx_invalid_descs",
                        "kernel_tx_invalid_descs",
                        "kernel_rx_ring_full",
                        "kernel_rx_fill_ring_empty_descs",
                        "kernel_tx_ring_empty_descs");
        assertThat(kernel.get("kernel_rx_fill_ring_empty_descs")).isPositive();
        assertThat(kernel.get("kernel_tx_invalid_descs")).isZero();
        port.queues().get(0).close();
        assertThat(port.kernel().read()).isEmpty();
    }

    @Test
    void packetsLeftInTheRingsAreStillTheKernelsUntilReclaimed() throws Exception {
        Port port = open(lab.xdpSockets(KIND, "port0", false));
        for (int i = 0; i < 100; i++) {
            wire.send(Frames.of(0, i, 60));
        }
        lab.receive(port, 50);
        port.queues().get(0).close();
        assertThat(lab.pool().freeFrames()).isLessThan(FRAMES);
        port.queues().get(0).reclaim();
        assertThat(lab.pool().freeFrames()).isEqualTo(FRAMES);
    }

    @Test
    void sentFramesAreCountedWhenTheKernelHasTakenThemNotBefore() throws Exception {
        Port port = open(lab.xdpSockets(KIND, "port0", false));
        byte[][] frames = new byte[40][];
        long bytes = 0;
        for (int i = 0; i < frames.length; i++) {
            frames[i] = Frames.of(0, i, 60 + i);
            bytes += frames[i].length;
        }
        // Round and round the ring, so that settled entries are overwritten.
        for (int round = 1; round <= 3 * XdpDevice.RING / frames.length; round++) {
            lab.enqueue(port, 0, frames);
            assertThat(port.queued()).isEqualTo(frames.length);
            assertThat(port.counters().sent()).isEqualTo((round - 1L) * frames.length);
            lab.flush(port);
            assertThat(port.counters().sent()).isEqualTo((long) round * frames.length);
            assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(round * bytes);
            assertThat(wire.receive(frames.length)).containsExactly(frames);
        }
    }

    @Test
    void whatTheKernelHasTakenInPartIsCountedInPart() throws Exception {
        Port port = open(lab.xdpSockets(KIND, "port0", false));
        byte[][] frames = new byte[40][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = Frames.of(0, i, 60 + i);
        }
        lab.enqueue(port, 0, frames);
        PortQueue queue = port.queues().get(0);
        WorkerCalls.LIBC.send(queue.fd().number(), 0, 0, MSG_DONTWAIT); // takes 32
        assertThat(queue.pending()).isTrue();
        lab.enqueue(port, 0, Frames.of(0, 40, 1_000));
        assertThat(port.counters().sent()).isEqualTo(32);
        assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(32 * 60 + 31 * 32 / 2);
        assertThat(port.queued()).isEqualTo(9);
        lab.flush(port);
        assertThat(port.counters().sent()).isEqualTo(41);
        assertThat(port.counters().get(PortCounter.TX_BYTES)).isEqualTo(40 * 60 + 39 * 40 / 2 + 1_000);
        assertThat(wire.receive(41)).hasSize(41);
    }
}
