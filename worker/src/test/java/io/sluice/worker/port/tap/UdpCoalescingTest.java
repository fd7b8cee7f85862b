package io.sluice.worker.port.tap;

import static io.sluice.worker.sys.WorkerCalls.LIBC;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.engine.DataPath;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.LabCalls;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.port.line.HostPort;
import io.sluice.worker.port.line.Sockets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link Offload#RX_UDP_GRO} between two real network stacks, each behind a tap device: datagrams that one sends come to the
 * other's UDP_GRO socket as one superframe, and otherwise unchanged.
 */
@Tag("kernel")
@Timeout(60)
class UdpCoalescingTest {
    private static final int DATAGRAMS = 20;
    private static final int LENGTH = 1_000;
    private static final int LAST = 300;
    private static final int MOST = 65_535;
    private static final int SOL_UDP = 17;
    private static final int UDP_GRO = 104;
    private static final HostPort LEFT = new HostPort("10.99.0.1", 7002);
    private static final HostPort RIGHT = new HostPort("10.99.0.2", 7001);

    private final AtomicReference<Throwable> died = new AtomicReference<>();
    private final List<Port> ports = new ArrayList<>();
    private final List<Fd> sockets = new ArrayList<>();
    private Lab lab;
    private Netns other;
    private DataPath dataPath;

    @BeforeEach
    void begin() throws Exception {
        lab = new Lab(2048, 600);
        other = new Netns();
        dataPath = new DataPath(lab.pool(), IdleStrategy.ADAPTIVE, died::set);
        dataPath.start();
    }

    @AfterEach
    void end() throws Exception {
        sockets.forEach(Fd::close);
        dataPath.call(() -> {
            ports.forEach(port -> port.queues().forEach(PortQueue::close));
            return null;
        });
        dataPath.close();
        other.close();
        lab.close();
        assertThat(died.get()).isNull();
    }

    private Port host(Netns netns, HostPort address, PortKind kind) throws Exception {
        netns.ip("tuntap add tap0 mode tap" + (kind.offloads() ? " vnet_hdr" : ""));
        netns.ip("addr add " + address.host() + "/24 dev tap0");
        netns.ip("link set tap0 up");
        Port port = netns.call(() -> {
            List<Fd> queues = TapDevice.open("tap0", 1, kind.vnet());
            return dataPath.call(() -> {
                try {
                    return TapPort.open(Bench.info("tap", 1500), queues, kind.vnet(), lab.pool());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        });
        netns.awaitCarrier("tap0");
        ports.add(port);
        return port;
    }

    private Fd socket(Netns netns, HostPort address) throws Exception {
        Fd socket = netns.call(() -> {
            ByteBuffer name = address.encode();
            Fd made = Sockets.socket(Sockets.DATAGRAM, name);
            Native.check(LIBC.bind(made.number(), name, name.capacity()), "bind");
            return made;
        });
        sockets.add(socket);
        return socket;
    }

    private void serve(CrossConnect link) {
        dataPath.call(() -> {
            dataPath.addLink(link);
            return null;
        });
    }

    private void leave(CrossConnect link) {
        dataPath.call(() -> {
            dataPath.removeLink(link);
            return null;
        });
    }

    @ParameterizedTest
    @CsvSource({"TAP, true", "TAP_OFFLOADS, true", "TAP, false", "TAP_OFFLOADS, false"})
    void datagramsComeTogetherWhereTheirPortIsMarkedAndOtherwiseOneByOne(PortKind left, boolean marked)
            throws Exception {
        Port from = host(lab.netns(), LEFT, left);
        Port to = host(other, RIGHT, PortKind.TAP_OFFLOADS);
        int off = marked ? 0 : Offload.RX_UDP_GRO.bit();
        dataPath.call(() -> {
            from.dials().turn(new Tuning(256, 0, 0, off), lab.pool());
            to.dials().turn(Tuning.of(256), lab.pool());
            return null;
        });
        Fd sender = socket(lab.netns(), LEFT);
        Fd receiver = socket(other, RIGHT);
        ByteBuffer name = RIGHT.encode();
        Native.check(LIBC.connect(sender.number(), name, name.capacity()), "connect");
        Native.check(
                LIBC.setsockopt(
                        receiver.number(), SOL_UDP, UDP_GRO, Native.allocate(4).putInt(0, 1), 4),
                "setsockopt(UDP_GRO)");
        CrossConnect link = new CrossConnect("link", from, to);
        serve(link);
        send(sender, new byte[] {1}); // so that the two know each other's addresses
        assertThat(receive(receiver)).isEqualTo(new Received(0, ByteBuffer.wrap(new byte[] {1})));

        leave(link);
        List<byte[]> sent = burst();
        sent.forEach(datagram -> send(sender, datagram));
        serve(link); // which finds them all
        List<Received> received = new ArrayList<>();
        List<byte[]> datagrams = new ArrayList<>();
        while (datagrams.size() < sent.size()) {
            Received message = receive(receiver);
            received.add(message);
            datagrams.addAll(message.datagrams());
        }

        assertThat(datagrams).usingElementComparator(java.util.Arrays::compare).isEqualTo(sent);
        long merged = dataPath.call(() -> from.counters().merged());
        if (marked) {
            assertThat(received).hasSize(1);
            assertThat(received.get(0).segment()).isEqualTo(LENGTH);
            assertThat(merged).isEqualTo(DATAGRAMS - 1);
        } else {
            assertThat(received).hasSize(DATAGRAMS).allMatch(message -> message.segment() == 0);
            assertThat(merged).isZero();
        }
        assertThat((long) dataPath.call(() -> from.counters().received()
                        - from.counters().merged()
                        - to.counters().sent()
                        - to.counters().dropped()))
                .isZero();
        assertThat((long) dataPath.call(() -> to.counters().get(PortCounter.TX_DROP_REFUSED)))
                .isZero();
        leave(link);
    }

    /** Equal ones and a shorter last one, which may still be part of a superframe. */
    private static List<byte[]> burst() {
        Random random = new Random(7);
        List<byte[]> burst = new ArrayList<>();
        for (int i = 0; i < DATAGRAMS; i++) {
            byte[] datagram = new byte[i == DATAGRAMS - 1 ? LAST : LENGTH];
            random.nextBytes(datagram);
            burst.add(datagram);
        }
        return burst;
    }

    private static void send(Fd socket, byte[] datagram) {
        ByteBuffer data = Native.allocate(datagram.length).put(0, datagram);
        assertThat(LabCalls.LIBC.send(socket.number(), data, datagram.length, 0))
                .isEqualTo(datagram.length);
    }

    /**
     * What one recvmsg(2) brought.
     *
     * @param segment bytes of each datagram as the UDP_GRO message says; 0: there was none, it is one datagram
     */
    private record Received(int segment, ByteBuffer data) {
        List<byte[]> datagrams() {
            List<byte[]> all = new ArrayList<>();
            int step = segment == 0 ? data.remaining() : segment;
            for (int at = 0; at < data.remaining(); at += step) {
                byte[] one = new byte[Math.min(step, data.remaining() - at)];
                data.get(at, one);
                all.add(one);
            }
            return all;
        }
    }

    private static Received receive(Fd socket) {
        ByteBuffer poll = Native.allocate(8).putInt(0, socket.number()).putShort(4, (short) 1);
        assertThat(LIBC.poll(poll, 1, (int) TimeUnit.SECONDS.toMillis(10)))
                .as("a datagram")
                .isOne();
        ByteBuffer data = Native.allocate(MOST);
        ByteBuffer control = Native.allocate(64);
        ByteBuffer header = Native.allocate(56 + 16); // struct msghdr, and behind it its struct iovec
        header.putLong(56, Native.address(data)).putLong(64, MOST);
        header.putLong(16, Native.address(header) + 56)
                .putLong(24, 1)
                .putLong(32, Native.address(control))
                .putLong(40, control.capacity());
        int n = (int) LabCalls.LIBC.recvmsg(socket.number(), header, 0);
        assertThat(n).isPositive();
        boolean gro = header.getLong(40) > 0 && control.getInt(8) == SOL_UDP && control.getInt(12) == UDP_GRO;
        byte[] bytes = new byte[n];
        data.get(0, bytes);
        return new Received(gro ? control.getInt(16) : 0, ByteBuffer.wrap(bytes));
    }
}
