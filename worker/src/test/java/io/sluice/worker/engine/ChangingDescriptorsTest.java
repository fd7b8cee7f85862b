package io.sluice.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.grant.sys.Fd;
import io.sluice.grant.sys.Native;
import io.sluice.worker.graph.CrossConnect;
import io.sluice.worker.lab.Bench;
import io.sluice.worker.lab.Frames;
import io.sluice.worker.lab.MessageWire;
import io.sluice.worker.lab.Peer;
import io.sluice.worker.lab.Wire;
import io.sluice.worker.memory.Pools;
import io.sluice.worker.port.Port;
import io.sluice.worker.port.PortCounter;
import io.sluice.worker.port.PortQueue;
import io.sluice.worker.port.line.Sockets;
import io.sluice.worker.port.line.UnixPath;
import io.sluice.worker.port.message.MessagePort;
import io.sluice.worker.port.stream.StreamPort;
import io.sluice.worker.sys.WorkerCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A thread that sleeps is woken by ports whose peers come and go, though each brings another descriptor. */
@Timeout(60)
class ChangingDescriptorsTest {
    private static final byte[] FRAME = Frames.of(0, 0, 100);

    @Test
    void peersThatComeToASleepingThreadWakeIt(@TempDir Path directory) throws Exception {
        UnixPath served = new UnixPath(directory.resolve("served").toString());
        UnixPath dialled = new UnixPath(directory.resolve("dialled").toString());
        AtomicReference<Throwable> died = new AtomicReference<>();
        try (DataPath dataPath = new DataPath(Pools.of(2048, 1024, 0), IdleStrategy.ADAPTIVE, died::set)) {
            dataPath.start();
            List<Port> ports = dataPath.call(() -> open(dataPath, served, dialled));
            CrossConnect link = new CrossConnect("link", ports.get(0), ports.get(1));
            dataPath.call(() -> {
                dataPath.addLink(link);
                return null;
            });
            for (int round = 0; round < 3; round++) {
                try (Fd listener = Peer.listen(1, dialled);
                        Wire right = Peer.accept(listener);
                        Wire left = Peer.connect(5, served)) {
                    left.send(FRAME);
                    assertThat(right.receive()).isEqualTo(FRAME);
                    right.send(FRAME);
                    assertThat(left.receive()).isEqualTo(FRAME);
                }
            }
            dataPath.call(() -> {
                dataPath.removeLink(link);
                ports.forEach(port -> port.queues().forEach(PortQueue::close));
                return null;
            });
        }
        assertThat(died.get()).isNull();
    }

    /** They would look by themselves after minutes, which the test has not. */
    @Test
    void datagramPeersThatComeAndAreReplacedAreFoundByASleepingThread(@TempDir Path directory) throws Exception {
        UnixPath[] here = new UnixPath[2];
        UnixPath[] there = new UnixPath[2];
        for (int i = 0; i < 2; i++) {
            here[i] = new UnixPath(directory.resolve("here" + i).toString());
            there[i] = new UnixPath(directory.resolve("later/there" + i).toString());
        }
        AtomicReference<Throwable> died = new AtomicReference<>();
        try (DataPath dataPath = new DataPath(Pools.of(2048, 1024, 0), IdleStrategy.ADAPTIVE, died::set)) {
            dataPath.start();
            List<Port> ports = dataPath.call(
                    () -> List.of(datagram(dataPath, here[0], there[0]), datagram(dataPath, here[1], there[1])));
            CrossConnect link = new CrossConnect("link", ports.get(0), ports.get(1));
            dataPath.call(() -> {
                dataPath.addLink(link);
                return null;
            });
            Files.createDirectory(directory.resolve("later"));
            for (int round = 0; round < 3; round++) {
                try (Wire left = replacement(there[0], here[0]);
                        Wire right = replacement(there[1], here[1])) {
                    awaitPeers(dataPath, ports);
                    left.send(FRAME);
                    assertThat(right.receive()).isEqualTo(FRAME);
                    right.send(FRAME);
                    assertThat(left.receive()).isEqualTo(FRAME);
                }
            }
            dataPath.call(() -> {
                dataPath.removeLink(link);
                ports.forEach(port -> port.queues().forEach(PortQueue::close));
                return null;
            });
        }
        assertThat(died.get()).isNull();
    }

    private static void awaitPeers(DataPath dataPath, List<Port> ports) {
        while (!dataPath.call(() -> ports.stream()
                .map(Port::counters)
                .allMatch(seen -> seen.get(PortCounter.PEER_CONNECTED) > seen.get(PortCounter.PEER_LOST)))) {
            Thread.onSpinWait();
        }
    }

    /** A socket that takes the place of another, and connects as soon as it may: while the port is connected to that. */
    private static Wire replacement(UnixPath local, UnixPath remote) throws Exception {
        Files.deleteIfExists(local.file());
        ByteBuffer from = local.encode();
        ByteBuffer to = remote.encode();
        Fd socket = Sockets.socket(Sockets.DATAGRAM, from);
        Native.check(WorkerCalls.LIBC.bind(socket.number(), from, from.capacity()), "bind");
        while (WorkerCalls.LIBC.connect(socket.number(), to, to.capacity()) == -1) {
            assertThat(Native.failedWith(Errno.EPERM)).isTrue();
            assertThat(Thread.currentThread().isInterrupted()).as("late").isFalse();
        }
        return new MessageWire(socket);
    }

    private static Port datagram(DataPath dataPath, UnixPath here, UnixPath there) {
        try {
            return MessagePort.open(
                    Bench.info("dgram", 1500),
                    new MessagePort.Endpoint.UnixDatagram(here, there),
                    dataPath.pool(),
                    dataPath::messageSlots,
                    dataPath.lookout());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Port> open(DataPath dataPath, UnixPath served, UnixPath dialled) {
        try {
            return List.of(
                    MessagePort.open(
                            Bench.info("bess", 1500),
                            new MessagePort.Endpoint.SeqpacketServer(served),
                            dataPath.pool(),
                            dataPath::messageSlots,
                            dataPath.lookout()),
                    StreamPort.open(
                            Bench.info("stream", 1500),
                            new StreamPort.Endpoint.Client(dialled, OptionalInt.empty()),
                            dataPath.pool(),
                            dataPath.lookout()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
