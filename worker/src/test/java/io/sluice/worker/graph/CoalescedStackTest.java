package io.sluice.worker.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.worker.engine.DataPath;
import io.sluice.worker.engine.IdleStrategy;
import io.sluice.worker.lab.Lab;
import io.sluice.worker.lab.Netns;
import io.sluice.worker.lab.PortKind;
import io.sluice.worker.port.Offload;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.Tuning;
import io.sluice.worker.port.tap.TapDevice;
import io.sluice.worker.port.tap.TapPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
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

/** A host that sends packets one by one, a data path, and a host that gets superframes: real stacks at both ends. */
@Tag("kernel")
@Timeout(120)
class CoalescedStackTest {
    private static final int BYTES = 16 << 20;
    private static final int PORT = 7001;

    private final AtomicReference<Throwable> died = new AtomicReference<>();
    private Lab lab;
    private Netns sender;
    private Netns receiver;
    private DataPath dataPath;
    private Port a;
    private Port b;
    private CrossConnect link;

    @BeforeEach
    void begin() throws Exception {
        lab = new Lab(8192, 600);
        sender = new Netns();
        receiver = new Netns();
        dataPath = new DataPath(lab.pool(), IdleStrategy.ADAPTIVE, died::set);
        dataPath.start();
    }

    @AfterEach
    void end() throws Exception {
        dataPath.call(() -> {
            dataPath.removeLink(link);
            for (Port port : List.of(a, b)) {
                port.queues().forEach(PortQueue::close);
            }
            return null;
        });
        dataPath.close();
        sender.close();
        receiver.close();
        lab.close();
        assertThat(died.get()).isNull();
    }

    private void address(Netns netns, String device, int host) throws Exception {
        netns.allowIpv6(device);
        netns.ip("addr add 10.98.0." + host + "/24 dev " + device);
        netns.ip("addr add fd98::" + host + "/64 dev " + device + " nodad");
        netns.ip("link set " + device + " up");
    }

    private void plain(Netns netns, String device) throws Exception {
        netns.run("ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "gro", "off");
    }

    private void link(PortKind left, PortKind right) throws Exception {
        lab.cable(left, "left", "wire0", 1500);
        plain(lab.netns(), "left");
        lab.netns().move("wire0", sender);
        plain(sender, "wire0");
        address(sender, "wire0", 1);
        lab.netns().awaitCarrier("left");
        a = lab.port(left, "left", dataPath, false);
        if (right.isTap()) {
            receiver.ip("tuntap add wire1 mode tap vnet_hdr");
            address(receiver, "wire1", 2);
            b = receiver.call(() -> {
                var queues = TapDevice.open("wire1", 1, right.vnet());
                return dataPath.call(() -> {
                    try {
                        return TapPort.open(Lab.info(right, "wire1", 1500, 256), queues, right.vnet(), lab.pool());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            });
            receiver.awaitCarrier("wire1");
        } else {
            lab.cable(right, "right", "wire1", 1500);
            lab.netns().move("wire1", receiver);
            address(receiver, "wire1", 2);
            lab.netns().awaitCarrier("right");
            b = lab.port(right, "right", dataPath, false);
        }
        link = new CrossConnect("link", a, b);
        tune(Tuning.of(256));
        dataPath.call(() -> {
            dataPath.addLink(link);
            return null;
        });
    }

    private void tune(Tuning tuning) {
        dataPath.call(() -> {
            a.dials().turn(tuning, lab.pool());
            b.dials().turn(Tuning.of(256), lab.pool());
            return null;
        });
    }

    @ParameterizedTest
    @CsvSource({
        "PACKET, TAP_OFFLOADS, 10.98.0.2",
        "PACKET_RINGS, TAP_OFFLOADS, fd98::2",
        "PACKET_OFFLOADS, TAP_OFFLOADS, 10.98.0.2",
        "XDP_SKB, TAP_OFFLOADS, 10.98.0.2",
        "PACKET, PACKET_OFFLOADS, fd98::2"
    })
    void packetsOneByOneArriveAsSuperframes(PortKind left, PortKind right, String address) throws Exception {
        link(left, right);
        byte[] sent = new byte[BYTES];
        new Random(1).nextBytes(sent);

        assertThat(tcp(sent, address)).isEqualTo(sent);

        long merged = a.counters().merged();
        assertThat(merged).isPositive();
        assertThat(a.counters().get(PortCounter.RX_SUPERFRAMES)).isPositive().isLessThanOrEqualTo(merged);
        long per = b.counters().get(PortCounter.TX_BYTES) / b.counters().sent();
        assertThat(per)
                .as("bytes a packet, where those that came had 1514 at most")
                .isGreaterThan(2_000);
        assertThat(a.counters().dropped() + b.counters().dropped()).isZero();
        assertThat(a.counters().received() - merged).isEqualTo(b.counters().sent() + b.queued());
    }

    @ParameterizedTest
    @CsvSource({"PACKET, TAP_OFFLOADS, 10.98.0.2"})
    void nothingIsCoalescedWhereThatIsSwitchedOff(PortKind left, PortKind right, String address) throws Exception {
        link(left, right);
        tune(new Tuning(256, 0, 0, Offload.RX_GRO.bit()));
        byte[] sent = new byte[1 << 20];

        assertThat(tcp(sent, address)).isEqualTo(sent);

        assertThat(a.counters().merged()).isZero();
    }

    private byte[] tcp(byte[] bytes, String address) throws Exception {
        try (ServerSocket server = receiver.call(() -> new ServerSocket(PORT, 1, InetAddress.getByName(address)))) {
            CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> {
                try (Socket peer = server.accept()) {
                    return peer.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try (Socket client = sender.call(() -> new Socket(address, PORT))) {
                client.getOutputStream().write(bytes);
            }
            return received.get(60, TimeUnit.SECONDS);
        }
    }
}
