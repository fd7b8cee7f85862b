package io.sluice.worker.port.xdp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.lab.XdpDevice;
import io.sluice.worker.memory.FramePool;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortInfo;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.sys.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A forwarder from one AF_XDP socket to another that dies again and again between two calls, each time with whatever it
 * had in hand; its successor has the memory and the sockets, as a broker keeps them, and nothing else.
 */
@Tag("kernel")
@Timeout(120)
class SuccessorTest {
    private static final PortKind KIND = PortKind.XDP_NATIVE;
    private static final int FRAMES = 3072;
    private static final int LARGE = 256;
    private static final int SIZE = (int) FramePool.sizeOf(2048, FRAMES, LARGE);
    private static final int DEATHS = 60;
    private static final int BURST = 100;

    private final List<XdpDevice> devices = new ArrayList<>();
    private final List<XdpPort.Socket> kept = new ArrayList<>();
    private final List<Integer> holders = new ArrayList<>();
    private final Vector vector = new Vector();
    private final Random random = new Random(7);
    private Netns netns;
    private Fd memory;
    private FramePool pool;
    private Port in;
    private Port out;
    private Wire sender;
    private Wire receiver;
    private int sent;
    private int last = -1;
    private int arrived;
    private long held;
    private int mtu;

    private void begin(int deviceMtu) throws Exception {
        mtu = deviceMtu;
        netns = new Netns();
        memory = Pools.memory(SIZE);
        pool = Pools.of(memory, 2048, FRAMES, LARGE);
        for (String device : List.of("in", "out")) {
            netns.veth(device, device + "wire", mtu, 1);
            netns.call(() -> {
                devices.add(XdpDevice.attach(device, false));
                kept.add(devices.get(devices.size() - 1).socket(0, pool, false, multiBuffer()));
                return null;
            });
        }
        sender = new Wire(netns, "inwire");
        receiver = new Wire(netns, "outwire");
        in = open(0, 0);
        out = open(1, 0);
        holders.add(in.queues().get(0).holder());
        holders.add(out.queues().get(0).holder());
    }

    @AfterEach
    void end() throws Exception {
        sender.close();
        receiver.close();
        devices.forEach(XdpDevice::close);
        kept.forEach(socket -> socket.fd().close());
        pool.close();
        memory.close();
        netns.close();
    }

    private boolean multiBuffer() {
        return mtu > 1500;
    }

    private Port open(int index, int holder) throws Exception {
        XdpPort.Socket socket = kept.get(index);
        XdpPort.Socket own = new XdpPort.Socket(
                socket.fd().duplicate(), socket.rx(), socket.tx(), socket.fill(), socket.completion(), holder);
        PortInfo info = Lab.info(KIND, index == 0 ? "in" : "out", mtu, 256);
        return XdpPort.open(info, List.of(own), false, multiBuffer(), pool);
    }

    private void dieAndSucceed() throws Exception {
        in.queues().get(0).close();
        out.queues().get(0).close();
        pool.close();
        vector.clear();
        pool = FramePool.left(Mapping.of(memory, 0, SIZE, "left"), 2048, FRAMES, LARGE, 1)
                .get(0);
        in = open(0, holders.get(0));
        out = open(1, holders.get(1));
        pool.settle();
        assertThat(in.queues().get(0).holder()).isEqualTo(holders.get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1500, 9000})
    void whateverItHadInHandNothingIsReorderedCorruptedOrForwardedTwice(int deviceMtu) throws Exception {
        begin(deviceMtu);
        for (int death = 0; death < DEATHS; death++) {
            int steps = random.nextInt(12);
            for (int step = 0; step < steps; step++) {
                burst();
                forward(-1);
                check();
            }
            burst();
            forward(random.nextInt(4));
            held += vector.count;
            dieAndSucceed();
            check();
        }
        settleDown();
        assertThat(arrived)
                .as("of %d, of which %d died with the process", sent, held)
                .isBetween(1, sent);
        assertThat(sent - arrived).as("lost").isLessThanOrEqualTo((int) held + dropped());
        assertThat(in.counters().received()).as("this one's own").isLessThan(sent);
        in.queues().get(0).close();
        out.queues().get(0).close();
        kept.forEach(socket -> socket.fd().close());
        in.queues().get(0).reclaim();
        out.queues().get(0).reclaim();
        assertThat(pool.freeFrames()).as("none was lost").isEqualTo(FRAMES + LARGE);
    }

    private void burst() throws Exception {
        for (int i = random.nextInt(BURST); i > 0; i--) {
            sender.send(Frames.of(0, sent++, 60 + random.nextInt(mtu - 100)));
        }
    }

    /** Some rounds of what a link does; the last one stops after {@code until} steps of it. */
    private void forward(int until) {
        PortQueue from = in.queues().get(0);
        PortQueue to = out.queues().get(0);
        for (int round = 0; round < 3; round++) {
            boolean whole = until < 0 || round < 2;
            if (!whole && until == 0) {
                return;
            }
            from.poll(vector, 1 + random.nextInt(256));
            if (!whole && until == 1) {
                return;
            }
            to.send(vector);
            if (!whole && until == 2) {
                return;
            }
            to.flush();
            from.flush();
        }
    }

    private void check() throws Exception {
        for (byte[] frame = receiver.poll(); frame != null; frame = receiver.poll()) {
            if (frame.length >= 60 && frame[12] == 8 && frame[13] == 0) {
                assertThat(Frames.isWhole(frame)).as("frame after %d", last).isTrue();
                assertThat(Frames.sequence(frame)).as("in order, and once").isGreaterThan(last);
                last = Frames.sequence(frame);
                arrived++;
            }
        }
    }

    private void settleDown() throws Exception {
        int quiet = 0;
        while (quiet < 200) {
            int before = arrived;
            forward(-1);
            check();
            boolean busy = arrived > before
                    || in.queues().get(0).pending()
                    || out.queues().get(0).pending();
            quiet = busy ? 0 : quiet + 1;
        }
    }

    private int dropped() {
        long kernel =
                in.kernel().read().values().stream().mapToLong(Long::longValue).sum();
        return (int) (kernel + out.counters().get(PortCounter.TX_DROP_FULL) + DEATHS * 256L);
    }
}
