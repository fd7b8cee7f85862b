package io.sluice.worker.port.tap;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.engine.DataPath;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two real network stacks, each behind a tap device, joined by a data path. */
@Tag("kernel")
@Timeout(120)
class HostStackTest {
    private static final int BYTES = 8 << 20;
    private static final String LEFT = "10.99.0.1";
    private static final String RIGHT = "10.99.0.2";

    private final AtomicReference<Throwable> died = new AtomicReference<>();
    private final List<Port> ports = new ArrayList<>();
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
        dataPath.call(() -> {
            ports.forEach(port -> port.queues().forEach(PortQueue::close));
            return null;
        });
        dataPath.close();
        other.close();
        lab.close();
        assertThat(died.get()).isNull();
    }

    private Port host(Netns netns, String device, String address, PortKind kind) throws Exception {
        netns.ip("tuntap add " + device + " mode tap" + (kind.queues() > 1 ? " multi_queue" : "")
                + (kind.offloads() ? " vnet_hdr" : ""));
        netns.ip("addr add " + address + "/24 dev " + device);
        netns.ip("link set " + device + " up");
        Port port = netns.call(() -> {
            var queues = TapDevice.open(device, kind.queues(), kind.vnet());
            boolean hybrid = kind == PortKind.HYBRID || kind == PortKind.HYBRID_OFFLOADS;
            var reader = hybrid ? HybridPort.reader(device) : null;
            return dataPath.call(() -> {
                try {
                    return hybrid
                            ? HybridPort.open(
                                    Bench.info("hybrid", 1500),
                                    queues.get(0),
                                    reader,
                                    kind.vnet(),
                                    lab.pool(),
                                    dataPath::slots)
                            : TapPort.open(Bench.info("tap", 1500), queues, kind.vnet(), lab.pool());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        });
        netns.awaitCarrier(device);
        ports.add(port);
        return port;
    }

    @ParameterizedTest
    @CsvSource({
        "TAP, TAP",
        "TAP_OFFLOADS, TAP_OFFLOADS",
        "TAP_OFFLOADS, TAP",
        "TAP_OFFLOADS_TWO_QUEUES, TAP_OFFLOADS",
        "HYBRID, TAP",
        "HYBRID_OFFLOADS, TAP_OFFLOADS",
        "HYBRID_OFFLOADS, TAP"
    })
    void theTwoReachEachOtherByUdpAndTcp(PortKind left, PortKind right) throws Exception {
        Port a = host(lab.netns(), "tap0", LEFT, left);
        Port b = host(other, "tap0", RIGHT, right);
        CrossConnect link = new CrossConnect("link", a, b);
        dataPath.call(() -> {
            dataPath.addLink(link);
            return null;
        });

        udp();
        byte[] sent = new byte[BYTES];
        new Random(1).nextBytes(sent);
        assertThat(tcp(sent)).isEqualTo(sent);

        boolean whole = a.queues().get(0).offloads() && b.queues().get(0).offloads();
        long fill = a.counters().get(PortCounter.RX_BYTES) / a.counters().received();
        if (whole) {
            assertThat(fill).isGreaterThan(3_000); // superframes
        }
        assertThat(b.counters().get(PortCounter.TX_DROP_REFUSED)).isZero();
        if (a.queues().get(0).offloads() && !whole) {
            assertThat(b.counters().created()).isPositive(); // cut here
        }
    }

    private void udp() throws Exception {
        try (DatagramSocket server = other.call(() -> new DatagramSocket(7001, InetAddress.getByName(RIGHT)));
                DatagramSocket client = lab.netns().call(() -> new DatagramSocket(7002, InetAddress.getByName(LEFT)))) {
            server.setSoTimeout(10_000);
            client.setSoTimeout(10_000);
            byte[] said = "is anybody there?".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            client.send(new DatagramPacket(said, said.length, new InetSocketAddress(RIGHT, 7001)));
            DatagramPacket heard = new DatagramPacket(new byte[100], 100);
            server.receive(heard);
            assertThat(heard.getLength()).isEqualTo(said.length);
            server.send(new DatagramPacket(heard.getData(), heard.getLength(), heard.getSocketAddress()));
            client.receive(heard);
            assertThat(heard.getAddress().getHostAddress()).isEqualTo(RIGHT);
        }
    }

    private byte[] tcp(byte[] bytes) throws Exception {
        try (ServerSocket server = other.call(() -> new ServerSocket(7001, 1, InetAddress.getByName(RIGHT)))) {
            CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> {
                try (Socket peer = server.accept()) {
                    return peer.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try (Socket client = lab.netns().call(() -> new Socket(RIGHT, 7001))) {
                client.getOutputStream().write(bytes);
            }
            return received.get(60, TimeUnit.SECONDS);
        }
    }
}
