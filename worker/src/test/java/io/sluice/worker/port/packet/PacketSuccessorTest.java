package io.sluice.worker.port.packet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Vector;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A forwarder from one packet socket to another that dies again and again between two calls, each time with whatever it
 * had in hand; its successor has the sockets and their rings, as a broker keeps them, and nothing else.
 */
@Tag("kernel")
@Timeout(120)
class PacketSuccessorTest {
    private static final int DEATHS = 60;

    /** In all the time that a forwarder is dead this is more than once around a ring. */
    private static final int MOST = 700;

    private final Map<String, List<Fd>> kept = new HashMap<>();
    private final Vector vector = new Vector();
    private final Random random = new Random(11);
    private Lab lab;
    private PortKind kind;
    private Port in;
    private Port out;
    private Wire sender;
    private Wire receiver;
    private int sent;
    private int last = -1;
    private int arrived;

    private void begin(PortKind made) throws Exception {
        kind = made;
        lab = new Lab(4096, 512);
        for (String device : List.of("in", "out")) {
            lab.cable(kind, device, device + "wire", 1500);
            kept.put(device, lab.packetSockets(kind, device));
            kept.put(device + "senders", lab.packetSenders(kind, device));
        }
        sender = lab.wire("inwire");
        receiver = lab.wire("outwire");
        open();
    }

    @AfterEach
    void end() throws Exception {
        lab.close();
        kept.values().forEach(fds -> fds.forEach(Fd::close));
    }

    private void open() throws Exception {
        in = open("in");
        out = open("out");
    }

    private Port open(String device) throws Exception {
        Optional<PacketPort.RingLayout> ring = kind.ringFrames() == 0
                ? Optional.empty()
                : Optional.of(new PacketPort.RingLayout(2048, kind.ringFrames()));
        return lab.keep(PacketPort.open(
                Lab.info(kind, device, 1500, Vector.CAPACITY),
                duplicates(device),
                duplicates(device + "senders"),
                kind.vnet(),
                ring,
                lab.pool(),
                lab::slots));
    }

    private List<Fd> duplicates(String what) throws Exception {
        List<Fd> duplicates = new ArrayList<>();
        for (Fd fd : kept.get(what)) {
            duplicates.add(fd.duplicate());
        }
        return duplicates;
    }

    @ParameterizedTest
    @EnumSource(names = {"PACKET", "PACKET_RINGS", "PACKET_RINGS_OFFLOADS"})
    void whateverItHadInHandNothingIsReorderedCorruptedOrForwardedTwice(PortKind made) throws Exception {
        begin(made);
        int held = 0;
        for (int death = 0; death < DEATHS; death++) {
            burst(40);
            forward(3);
            check();
            burst(MOST);
            forward(random.nextInt(3));
            held += vector.count + out.queued();
            lab.pool().giveAll(vector);
            in.queues().get(0).close();
            out.queues().get(0).close();
            if (random.nextBoolean()) {
                burst(MOST);
            }
            open();
            forward(3);
            check();
        }
        int quiet = 0;
        while (quiet < 50) {
            int before = arrived;
            forward(3);
            check();
            quiet = arrived > before ? 0 : quiet + 1;
        }
        long full = in.kernel().read().get("kernel_rx_dropped");
        assertThat(arrived).as("of %d", sent).isGreaterThan(sent / 4);
        assertThat(sent - arrived).as("lost").isLessThanOrEqualTo(held + (int) full);
        assertThat(lab.pool().freeFrames()).as("but for those in slots").isGreaterThan(4096);
    }

    private void burst(int most) throws Exception {
        for (int i = random.nextInt(most); i > 0; i--) {
            sender.send(Frames.of(0, sent++, 60 + random.nextInt(1000)));
        }
    }

    /** Some rounds of what a link does; the last one stops after {@code until} steps of it. */
    private void forward(int until) {
        PortQueue from = in.queues().get(0);
        PortQueue to = out.queues().get(0);
        for (int round = 0; round < 4; round++) {
            int steps = round < 3 ? 3 : until;
            if (steps > 0) {
                from.poll(vector, Math.min(to.room(), 1 + random.nextInt(256)));
            }
            if (steps > 1) {
                to.send(vector);
            }
            if (steps > 2) {
                to.flush();
            }
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
}
